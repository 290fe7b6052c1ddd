"""Nothing undocumented, nothing called by a wrong name, and a table of tests that is true."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = tuple(sorted(p for p in (ROOT / "bridge").rglob("*.py") if "versions" not in p.parts))
ADAPTERS = tuple(sorted((ROOT / "adapters").rglob("*.py")))
READMES = tuple(
    sorted(
        p
        for folder in ("bridge", "adapters", "static", "config", "tests")
        for p in (ROOT / folder).rglob("README.md")
        if "node_modules" not in p.parts and "vendor" not in p.parts
    )
)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def public(path: Path) -> list[tuple[str, ast.AST]]:
    """A file's module, public classes, and public functions and methods (those with a body of their own to promise)."""
    found: list[tuple[str, ast.AST]] = [(name(path), tree(path))]

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.ClassDef, ast.FunctionDef)) and not child.name.startswith(
                "_"
            ):
                found.append((f"{prefix}.{child.name}", child))
                if isinstance(child, ast.ClassDef):
                    walk(child, f"{prefix}.{child.name}")

    walk(tree(path), name(path))
    return found


RESPONDERS = ("on_get", "on_post", "on_put", "on_delete")


def undocumented(paths: tuple[Path, ...]) -> list[str]:
    """What has no docstring, or one whose first line is no sentence."""
    bad = []
    for path in paths:
        if not path.read_text().strip():
            continue
        for where, node in public(path):
            doc = ast.get_docstring(node)
            if (where.rpartition(".")[2] in RESPONDERS and not doc) or (
                doc and doc.startswith(("/", "GET ", "POST "))
            ):
                continue  # a resource may be told by its address alone, and its responders by the resource
            first = doc.strip().splitlines()[0].rstrip() if doc else ""
            if not first.endswith((".", ":", "…", ".)", "?")) and not (
                doc and _sentence_ends_later(doc)
            ):
                bad.append(where)
    return bad


def _sentence_ends_later(doc: str) -> bool:
    """A first sentence may run over a line; then its paragraph ends in a period."""
    return doc.strip().split("\n\n")[0].rstrip().endswith((".", ":"))


def test_docstrings__of_everything_public__are_there_and_are_sentences():
    assert not undocumented(CODE)


def test_docstrings__of_the_adapters__are_there_and_are_sentences():
    assert not undocumented(ADAPTERS)


def commands(command: click.Command, path: str = "bridge") -> list[tuple[str, click.Command]]:
    found = [(path, command)]
    for sub in getattr(command, "commands", {}).values():
        found += commands(sub, f"{path} {sub.name}")
    return found


def all_commands() -> list[tuple[str, click.Command]]:
    from bridge.__main__ import main

    return commands(main)


def test_commands__each__has_help_and_each_option_too():
    bad = []
    for path, command in all_commands():
        bad += [] if (command.help or "").strip() else [path]
        options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
        bad += [
            f"{path} {o.opts[0]}"
            for o in options
            if not o.help and o.opts[0] not in ("--limit", "--help")
        ]
    assert not bad


def test_settings__every_field__has_its_sentence():
    from bridge.config.models import MerchantProfile, ServiceConfig, ShopProfile

    models = (ServiceConfig, MerchantProfile, ShopProfile)
    assert not [
        f"{model.__name__}.{field}"
        for model in models
        for field, info in model.model_fields.items()
        if not info.description
    ]


# --- the glossary -----------------------------------------------------------------------------------------------------

BANNED = {
    "webhook": "callback (provider to bridge) or notification (bridge to shop)",
    "ipn": "callback",
    "gateway": "provider",
    "acquirer": "provider",
    "tenant": "merchant",
    "chargeback": "refund",
    "preauth": "authorization",
    "janitor": "reconciliation",
    "plug-in": "module",
    "plugin": "module",
    "mock": "sandbox",
    "extra_data": "document",
    "invoice": "money request",
}
ALLOWED = re.compile(
    r"standard ?webhooks|webhook-(id|timestamp|signature)|standardwebhooks|WebhookNotifier|import Webhook|Webhook\(|bad gateway|gateway timeout"
    r"|[\"']webhooks[\"']",
    re.IGNORECASE,
)
"""Names of the standard, of its library, of HTTP and of OpenAPI."""


def banned_words(path: Path, text: str) -> list[str]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        plain = (
            "" if line.startswith("|") and path.suffix == ".md" else ALLOWED.sub("", line)
        )  # the glossary itself is a table
        found += [
            f"{name(path)}:{number}: {word}, say {instead}"
            for word, instead in BANNED.items()
            if re.search(rf"(?<![a-z]){re.escape(word)}s?(?![a-z])", plain, re.IGNORECASE)
        ]
    return found


def in_house(path: Path) -> bool:
    """A vendor's word may appear inside the vendor's folder."""
    parts = path.relative_to(ROOT).parts
    return not (parts[:2] == ("bridge", "providers") and len(parts) > 3) and parts[0] != "adapters"


def test_glossary__in_code_and_readmes__its_words_and_no_others():
    paths = [
        path
        for path in (*CODE, *READMES, ROOT / "README.md")
        if in_house(path) and path != ROOT / "tests/README.md"
    ]
    assert not [found for path in paths for found in banned_words(path, path.read_text())]


# --- folders with a story ----------------------------------------------------------------------------------------------

STORIES = (
    "bridge/providers",
    "bridge/sandbox",
    "bridge/demo",
    "adapters",
    "static",
    "config",
    "tests",
)


def test_readmes__every_folder_with_a_story__has_one():
    folders = [
        *STORIES,
        *(name(p.parent) for p in (ROOT / "bridge/providers").glob("*/provider.py")),
        *(
            name(p)
            for p in (ROOT / "adapters").iterdir()
            if p.is_dir() and any(p.iterdir()) and p.name not in ("php", "__pycache__")
        ),
    ]
    assert not [folder for folder in folders if not (ROOT / folder / "README.md").exists()]


@pytest.mark.parametrize("path", [*READMES, ROOT / "README.md"], ids=name)
def test_readmes__links_and_paths_in_them__exist(path):
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text())
    assert not [
        link
        for link in links
        if not (path.parent / link).exists() and not (ROOT / link.lstrip("/")).exists()
    ]


# --- the table of tests ------------------------------------------------------------------------------------------------

TESTS = tuple(sorted((ROOT / "tests").rglob("test_*.py")))
KNOWN = {f"I{number}" for number in range(1, 36)}
SHOWN_FROM_THE_START = {f"I{number}" for number in range(1, 23)}


def markers() -> dict[str, set[str]]:
    """Which files mark which invariant."""
    found: dict[str, set[str]] = {}
    for path in TESTS:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.invariant":
                for argument in node.args:
                    found.setdefault(ast.literal_eval(argument), set()).add(path.name)
    return found


def readme() -> str:
    return (ROOT / "tests/README.md").read_text()


def rows(heading: str, text: str = "") -> dict[str, str]:
    """The table under a heading: first cell → last cell."""
    part = (text or readme()).split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    cells = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in part.splitlines()
        if line.startswith("|")
    ]
    return {row[0]: row[-1] for row in cells[2:]}


def test_markers__every_one__names_a_known_invariant():
    assert set(markers()) <= KNOWN


def test_markers__of_every_test__are_told_by_its_docstring_or_name():
    """A test that claims an invariant says in words what it shows."""
    bad = []
    for path in TESTS:
        for node in ast.walk(tree(path)):
            marked = isinstance(node, ast.FunctionDef) and any(
                "mark.invariant" in ast.unparse(d) for d in node.decorator_list
            )
            if marked and not ast.get_docstring(node) and "__" not in node.name:
                bad.append(f"{path.name}: {node.name}")
    assert not bad


def test_invariants__the_table_in_the_readme__names_files_that_really_show_each():
    table, marked = rows("Invariants"), markers()
    named = {
        invariant: set(re.findall(r"`(test_\w+\.py)`", cell)) for invariant, cell in table.items()
    }
    assert SHOWN_FROM_THE_START <= set(table) <= KNOWN
    assert set(table) == {invariant for invariant, files in named.items() if files}
    assert not {
        invariant: files - marked.get(invariant, set())
        for invariant, files in named.items()
        if files - marked.get(invariant, set())
    }


def test_lessons__all_ninety_five__name_a_test_that_exists_or_a_reason():
    table = rows("Lessons")
    assert list(table) == [str(number) for number in range(1, 96)]
    known = {
        node.name
        for path in TESTS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef)
    }
    known |= {path.name for path in (ROOT / "tests").rglob("*.mjs")} | {path.name for path in TESTS}
    known |= {
        name
        for path in (ROOT / "adapters").rglob("*Test.php")
        for name in re.findall(r"function (test\w+)", path.read_text())
    }
    for number, cell in table.items():
        named = re.findall(r"`([\w.]+)`", cell)
        assert named or cell.startswith(("not applicable: ", "by design: ", "open: ")), number
        assert not [one for one in named if one.startswith("test") and one not in known], (
            number,
            named,
        )


def test_browser_tests__all_fifty_four__name_tests_that_exist():
    folder = ROOT / "tests/e2e/widget"
    table = rows("What a great team would test", (folder / "README.md").read_text())
    known = {
        node.name
        for path in folder.glob("test_*.py")
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
    }
    named = {number: set(re.findall(r"`(test_\w+)`", cell)) for number, cell in table.items()}
    assert list(table) == [str(number) for number in range(1, 55)]
    assert not {
        number: names - known for number, names in named.items() if not names or names - known
    }


def test_names__of_all_tests__are_unit_situation_expectation():
    bad = []
    for path in TESTS:
        for node in tree(path).body:
            if (
                isinstance(node, ast.FunctionDef)
                and node.name.startswith("test_")
                and node.name.count("__") < 1
            ):
                bad.append(f"{path.name}: {node.name}")
    assert not bad


def test_decisions__every_one__has_a_number_of_its_own_and_stands_in_the_list():
    folder = ROOT / "bridge/decisions"
    files = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [name.partition("-")[0] for name in files] == [
        f"{number:04}" for number in range(1, len(files) + 1)
    ]
    assert (
        re.findall(r"^\| \[\d{4}\]\((\S+)\)", (folder / "README.md").read_text(), re.MULTILINE)
        == files
    )
