"""Who may import whom, as one table, held against the code. A new arrow is a decision, made in this table."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EVERYTHING = "everything"

# part          may import
TABLE: dict[str, str] = {
    "errors": "",
    "failpoints": "",
    "settings": "",
    "signals": "",
    "version": "",
    "domain": "errors",
    "ports": "domain errors",
    "services": "domain ports errors failpoints",
    "store": "domain ports errors",
    "providers": "domain ports errors settings",
    "notify": "domain ports errors",
    "transport": "ports errors version",
    "clock": "ports",
    "calls": "errors",
    "connections": "",
    "platforms": "domain ports errors",
    "config": "domain ports errors settings platforms",
    "web": "domain services ports errors version",
    "worker": "services ports errors failpoints",
    "logs": "",
    "sandbox": "signals",
    "demo": "sandbox signals",
    "bootstrap": EVERYTHING,
    "serving": EVERYTHING,
    "__main__": EVERYTHING,
    "cli_config": EVERYTHING,
    "cli_operate": EVERYTHING,
    "cli_serve": EVERYTHING,
}
ADAPTERS_MAY = {"services", "domain", "ports", "platforms", "settings", "errors"}
COMMANDS_MAY = {"config", "providers"}
"""An adapter's command.py is a part of the command line: it reads settings as the other commands do."""

NAMES_A_PROVIDER = {
    "bridge/web/examples.py": "answers shown to readers of the API, taken from life"
}


@cache
def files(folder: str) -> tuple[Path, ...]:
    return tuple(
        sorted(
            path
            for path in (ROOT / folder).rglob("*.py")
            if "migrations/versions" not in path.as_posix()
        )
    )


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


@cache
def imported(path: Path) -> list[str]:
    """Every module that a file imports, wherever in it; `from a import b` counts as `a` and as `a.b`."""
    found: list[str] = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names]
    return found


def part_of(path: Path) -> str:
    return path.relative_to(ROOT / "bridge").parts[0].removesuffix(".py")


def house_imports(path: Path) -> set[str]:
    """The parts of the house that a file imports; `bridge` alone (for its path) is no part."""
    parts = [name.split(".") for name in imported(path) if name.split(".")[0] == "bridge"]
    return {part[1] for part in parts if len(part) > 1}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


BRIDGE = [path for path in files("bridge") if path != ROOT / "bridge/__init__.py"]


def test_table__every_part__has_a_row_and_every_row_a_part():
    assert {part_of(path) for path in BRIDGE} == set(TABLE)


def bad(paths, look):
    """What `look(path)` finds wrong, by file; empty where all is well."""
    return {name(path): found for path in paths if (found := look(path))}


def test_imports__of_every_file__are_in_the_table():
    def beyond(path):
        part = part_of(path)
        allowed = set(TABLE) if TABLE[part] == EVERYTHING else {part, *TABLE[part].split()}
        if path.name == "sandbox.py" and part == "providers":
            allowed = {
                "sandbox"
            }  # the provider's side of the wire shares nothing with the client beside it
        return house_imports(path) - allowed

    assert not bad(BRIDGE, beyond)


def test_imports__of_an_adapter__are_use_cases_words_and_errors_only():
    def beyond(path):
        return (
            house_imports(path)
            - ADAPTERS_MAY
            - (COMMANDS_MAY if path.name == "command.py" else set())
        )

    assert not bad(files("adapters"), beyond)


def test_imports__anywhere__are_absolute():
    assert not bad(
        [*files("bridge"), *files("adapters")],
        lambda path: [m for m in imported(path) if m.startswith(".")],
    )


def test_imports__of_a_provider__touch_no_other_provider():
    def others(path):
        own = path.relative_to(ROOT / "bridge/providers").parts[0]
        return {
            module.split(".")[2]
            for module in imported(path)
            if module.startswith("bridge.providers.")
        } - {own}

    assert not bad(
        [path for path in files("bridge/providers") if path.parent.name != "providers"], others
    )


def test_imports__of_adapters_by_the_house__are_the_finding_of_them_only():
    """Who composes asks the package `adapters` which there are; nobody names one, and nobody else asks."""
    found = {
        (part_of(path), module)
        for path in BRIDGE
        for module in imported(path)
        if module.split(".")[0] == "adapters"
    }
    assert {module for part, module in found if part != "demo"} <= {"adapters"}
    assert {part for part, _ in found if TABLE[part] != EVERYTHING} <= {"demo"}


def test_imports__of_end_to_end_tests__know_nothing_of_the_house():
    assert not [name(path) for path in files("tests/e2e") if house_imports(path)]


@pytest.mark.parametrize(
    ("library", "parts"),
    [
        ("sqlalchemy", {"store", "bootstrap"}),
        ("alembic", {"store"}),
        ("psycopg", {"store"}),
        ("falcon", {"web", "sandbox"}),
        ("requests", {"transport", "sandbox", "demo"}),
        ("urllib3", {"transport"}),
        ("waitress", {"connections", "sandbox"}),
        ("yaml", {"config", "cli_config", "demo"}),
        ("standardwebhooks", {"notify"}),
        ("anyascii", {"domain"}),
        ("click", {"__main__", "cli_config", "cli_operate", "cli_serve", "sandbox", "demo"}),
        ("jinja2", {"web"}),
        ("minify", {"web"}),
    ],
)
def test_libraries__each__is_known_in_its_place_only(library, parts):
    """No SQL outside the store, no outgoing HTTP outside the transport, no web framework in a use case."""
    users = {
        part_of(path)
        for path in BRIDGE
        if any(module.split(".")[0].lower() == library for module in imported(path))
    }
    assert users - {"providers"} <= parts
    of_providers = [
        path
        for path in files("bridge/providers")
        if any(m.split(".")[0].lower() == library for m in imported(path))
    ]
    assert not [name(path) for path in of_providers if path.name != "sandbox.py"]


def test_writers__of_payments_and_operations__are_the_record_alone():
    """An event exists exactly when its change does, because one class writes both."""
    writing = re.compile(r"\.(payments|operations)\.(add|save)\(")
    writers = {
        name(path)
        for path in [*BRIDGE, *files("adapters")]
        if writing.search(path.read_text("utf-8")) and "tests" not in path.parts
    }
    assert writers == {"bridge/services/record.py"}


@pytest.mark.parametrize("module", ["socket", "http.client", "urllib.request", "ssl", "asyncio"])
def test_libraries__doors_to_the_outside__are_opened_by_the_transport_only(module):
    """Every outgoing call has a deadline because only one file makes calls."""
    users = {
        part_of(path)
        for path in BRIDGE
        if any(m == module or m.startswith(f"{module}.") for m in imported(path))
    }
    assert users <= {"transport", "sandbox", "demo"}


SQL = re.compile(
    r"\b(select\s.+\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from|create\s+(table|index))\b",
    re.IGNORECASE,
)


@cache
def texts(path: Path) -> list[str]:
    """The text constants of a file that are no docstrings."""
    docs = {
        id(node.value)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        n.value
        for n in ast.walk(tree(path))
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in docs
    ]


def test_sql__outside_the_store__is_nowhere():
    assert not bad(
        [path for path in BRIDGE if part_of(path) not in ("store", "sandbox")],
        lambda path: [t for t in texts(path) if SQL.search(t)],
    )


def providers() -> list[str]:
    return sorted(
        path.name
        for path in (ROOT / "bridge/providers").iterdir()
        if (path / "__init__.py").exists()
    )


def test_names__of_providers__stand_in_their_folders_only():
    """The house finds providers; it never names one. The demo does: it is the story of one."""

    def named(path):
        words = " ".join(
            [
                *texts(path),
                *(node.id for node in ast.walk(tree(path)) if isinstance(node, ast.Name)),
            ]
        ).lower()
        return [provider for provider in providers() if re.search(rf"\b{provider}\b", words)]

    assert not bad(
        [
            p
            for p in BRIDGE
            if part_of(p) not in ("providers", "demo") and name(p) not in NAMES_A_PROVIDER
        ],
        named,
    )


def calls_at_import(path: Path) -> list[str]:
    """Statements at a module's level that are neither definitions, imports nor plain tables."""
    found = []
    for node in tree(path).body:
        if (isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)) or isinstance(
            node, (ast.While, ast.With, ast.Try, ast.Raise, ast.Delete, ast.Global)
        ):
            found.append(ast.unparse(node)[:80])
    return found


def test_import__of_a_module__does_nothing_but_define():
    """Indexes of the schema are defined by a call; Alembic runs env.py, and nobody imports it."""

    def acts(path):
        return [
            line
            for line in calls_at_import(path)
            if not (path.name == "schema.py" and line.startswith("Index("))
        ]

    assert not bad([path for path in BRIDGE if path.name != "env.py"], acts)


def test_import__of_everything__opens_nothing_and_starts_nothing():
    """No thread, no socket, no file written, no signal handler, no log set up by importing."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in BRIDGE
    ]
    wanted = [module for module in modules if not module.endswith((".__main__", "migrations.env"))]
    script = f"""
import importlib, logging, os, signal, threading
before = len(os.listdir("/proc/self/fd"))
handlers = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)]
for module in {wanted!r}:
    importlib.import_module(module)
assert threading.active_count() == 1, threading.enumerate()
assert len(os.listdir("/proc/self/fd")) <= before, os.listdir("/proc/self/fd")
assert handlers == [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)]
assert not logging.getLogger().handlers and not logging.getLogger("bridge").handlers
"""
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr


MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)


def changes_of_tables(path: Path) -> set[str]:
    """Where a function assigns to, adds to or deletes from a table at its module's level, or says `global`."""
    tables = {
        target.id
        for node in tree(path).body
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, MUTABLE)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    changed: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Global):
            changed.add(ast.unparse(node))
        elif isinstance(node, (ast.Assign, ast.AugAssign, ast.Delete)):
            targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
            changed |= {
                ast.unparse(t)
                for t in targets
                if isinstance(t, ast.Subscript) and getattr(t.value, "id", "") in tables
            }
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and getattr(node.func.value, "id", "") in tables
        ):
            changed |= (
                {ast.unparse(node)}
                if node.func.attr
                in ("append", "update", "add", "pop", "clear", "setdefault", "extend")
                else set()
            )
    return changed


def test_state__at_module_level__is_never_changed():
    """Tables are tables."""
    assert not bad([path for path in BRIDGE if part_of(path) != "sandbox"], changes_of_tables)
