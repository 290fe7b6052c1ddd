"""The PHP of the adapters: does it parse, on the oldest PHP that it is for as on the newest; is it PSR-12; do its own tests pass on every PHP."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.domain.money import exponents

ADAPTERS = Path(__file__).resolve().parents[2] / "adapters"
FLOORS = {"php": "7.2", "prestashop": "7.2", "magento": "8.1"}
"""The oldest PHP that each folder is for."""
VERSIONS = ("7.2", "7.3", "7.4", "8.0", "8.1", "8.3", "8.4", "8.5")
"""WebAssembly builds of PHP that run the suites; PHPUnit runs them on the PHP of this machine."""
NATIVE = {
    "php": {
        "ClientTest::testNobodyThereIsSurelyNotSent",
        "NotificationProcessorTest::testTakeThatEndsTheScriptIs500",
    }
}
"""By suite, the only tests that these builds cannot run: they start no processes, and their network accepts every connection before it looks for the peer."""
EXCLUDED = {
    "prestashop": ("PSR1.Classes.ClassDeclaration", "PSR1.Files.SideEffects"),
    "php": ("PSR1.Files.SideEffects",),
}
"""What PSR-12 says against PrestaShop, which finds classes by their names, without a namespace, and refuses files that are called alone;
and against the runner of tests, which declares functions and runs."""


def php_files(folder: str) -> list[str]:
    """Return the PHP files of an adapter; templates, which are mostly HTML, with them."""
    return sorted(
        str(path) for pattern in ("*.php", "*.phtml") for path in (ADAPTERS / folder).rglob(pattern)
    )


def folders() -> list[str]:
    """Return those that are there."""
    return sorted(folder for folder in FLOORS if php_files(folder))


def run(*command: str, cwd: Path = ADAPTERS) -> subprocess.CompletedProcess[str]:
    """Run a command of Debian's packages and return what it said."""
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=280, check=False
    )


def test_floors__every_module_in_php__has_one() -> None:
    assert {
        path.relative_to(ADAPTERS).parts[0] for path in ADAPTERS.glob("*/module/**/*.php")
    } <= set(FLOORS)


@pytest.mark.parametrize("folder", folders())
def test_php__every_file__parses_here(folder: str) -> None:
    script = "foreach (array_slice($argv, 1) as $f) { token_get_all(file_get_contents($f), TOKEN_PARSE); }"
    answer = run("php", "-r", script, "--", *php_files(folder))
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


@pytest.mark.parametrize("folder", folders())
def test_php__every_file__is_for_the_oldest_and_the_newest_php(folder: str) -> None:
    answer = run("php", "php/tests/syntax.php", FLOORS[folder], *php_files(folder))
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_syntax_check__newer_syntax_and_deprecated_one__are_found(tmp_path: Path) -> None:
    file = tmp_path / "new.php"
    file.write_text(
        "<?php\nclass A\n{\n    private int $x;\n    function f(string $y = null)\n    {\n        $a ??= fn() => 1;\n    }\n}\n"
    )
    answer = run("php", "php/tests/syntax.php", "7.2", str(file))
    assert answer.returncode == 1
    assert re.findall(r":(\d+): ", answer.stdout) == ["4", "5", "7", "7"]


@pytest.mark.parametrize("folder", folders())
def test_php__every_file__is_psr_12(folder: str) -> None:
    files = [file for file in php_files(folder) if file.endswith(".php")]
    excluded = ("Generic.Files.LineLength", *EXCLUDED.get(folder, ()))
    answer = run("phpcs", "--standard=PSR12", f"--exclude={','.join(excluded)}", "-q", *files)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(
    "config",
    sorted(ADAPTERS.rglob("phpunit.xml")),
    ids=lambda path: path.parent.relative_to(ADAPTERS).as_posix(),
)
def test_phpunit__every_suite__passes(config: Path) -> None:
    answer = run("phpunit", "--no-interaction", cwd=config.parent)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert re.search(r"^OK \([1-9]", answer.stdout, re.MULTILINE), answer.stdout


def suites_by_version() -> list[tuple[str, str]]:
    """Pair every suite with every version from the lowest that its folder is for."""
    folders = [
        config.parent.relative_to(ADAPTERS) for config in sorted(ADAPTERS.rglob("phpunit.xml"))
    ]
    return [
        (folder.as_posix(), version)
        for folder in folders
        for version in VERSIONS
        if version >= FLOORS[folder.parts[0]]
    ]


@pytest.mark.parametrize(("suite", "version"), suites_by_version())
def test_suite__every_php_that_it_is_for__passes(suite: str, version: str) -> None:
    answer = subprocess.run(
        ["node", "php/tests/wasm/run.mjs", version, suite],
        cwd=ADAPTERS,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        env={**os.environ, "PHP_WASM": str(Path(sys.prefix, "npm", "php"))},
    )
    said = answer.stdout.splitlines()
    assert (answer.returncode, answer.stderr) == (0, ""), answer.stdout + answer.stderr
    assert re.fullmatch(r"OK \([1-9]\d* tests\)", said[-1])
    assert {line.rpartition("\\")[2] for line in said[:-1]} == NATIVE.get(suite, set())


def test_composer__of_the_magento_module__allows_every_php_that_its_suite_runs_on_and_no_other() -> (
    None
):
    allowed = json.loads((ADAPTERS / "magento/module/composer.json").read_text("utf-8"))["require"][
        "php"
    ]
    tested = {*VERSIONS, "8.2"}  # Debian's runs PHPUnit itself
    assert allowed == "||".join(
        f"~{version}.0" for version in sorted(tested) if version >= FLOORS["magento"]
    )


def test_money__places_of_every_currency__are_the_bridges() -> None:
    script = "require 'php/autoload.php'; foreach (array_slice($argv, 1) as $c) { echo PaymentBridge\\Core\\Money::digits($c), ' '; }"
    known = exponents()
    answer = run("php", "-r", script, "--", *known)
    assert [int(places) for places in answer.stdout.split()] == list(known.values())
