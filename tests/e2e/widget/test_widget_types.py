"""Types: the sources keep what their JSDoc says, and what is emitted serves a strict TypeScript shop."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from support import ROOT

EMIT = (
    "static/widget/checkout.mjs", "--allowJs", "--checkJs", "--strict", "--declaration", "--emitDeclarationOnly", "--target", "es2022",
    "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2023,dom,dom.iterable", "--types", "",
)  # fmt: skip

GOOD = """import { createCheckout, type Options } from './checkout.mjs';
const options: Options = { checkout: async () => 'chk_1', mode: 'overlay', appearance: { colorPrimary: '#0b57d0' } };
const checkout = createCheckout(options);
const stop: () => void = checkout.on('error', (event) => { const code: string = event.detail.code; void code; });
checkout.on('success', ({ detail }) => detail.session.trim());
void checkout.mount('#pay').then((same) => { same.update({ theme: 'dark' }); same.focus(); same.cancel(); same.reload(); same.destroy(); });
stop();
"""


def tsc(tools: Path, *arguments: str) -> str:
    run = subprocess.run(
        [tools / ".bin" / "tsc", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    return run.stdout + run.stderr


def test_types__all_sources__pass_the_strict_check(tools: Path) -> None:
    assert tsc(tools, "-p", "tests/js/tsconfig.json") == ""


def test_types__shipped_declarations__are_what_the_source_says(tools: Path, tmp_path: Path) -> None:
    assert tsc(tools, *EMIT, "--outDir", str(tmp_path)) == ""
    assert (tmp_path / "widget" / "checkout.d.mts").read_text() == (
        ROOT / "static/widget/checkout.d.mts"
    ).read_text()


MEMBERS = {
    "option": r"^    (\w+)\??: ",
    "method": r"^    (\w+)(?:<.*?>)?\(",
    "export": r"^export declare const (\w+)",
}


def explained(kind: str, text: str) -> dict[str, str]:
    """Return what is declared in a piece of the declarations, with the words of the comment right above it, types and tags left out."""
    found, comment = {}, ""
    for line in text.splitlines():
        named = re.match(MEMBERS[kind], line)
        if named:
            found[named[1]] = re.sub(
                r"@(param|template|type)\b[^@]*|@\w+|[/*]", "", comment
            ).strip()
        is_comment = line.strip().startswith(("/**", "*"))
        comment = comment + line if is_comment and "/**" not in line else line if is_comment else ""
    return found


def test_types__everything_a_shop_may_call_or_set__is_explained() -> None:
    """What an editor shows: a sentence on each option, each method and each thing that is exported."""
    text = (ROOT / "static/widget/checkout.d.mts").read_text()
    options = explained("option", text.split("export type Options = {")[1].split("\n};")[0])
    methods = explained("method", text.split("declare class Checkout")[1].split("\n}")[0])
    exports = explained("export", text)
    del methods["constructor"]  # shops call createCheckout
    assert (len(options), set(exports)) == (8, {"FINAL", "createCheckout"}) and {
        "mount",
        "destroy",
    } <= methods.keys()
    assert [
        name for name, told in {**options, **methods, **exports}.items() if len(told) < 10
    ] == []


def consumer(tools: Path, folder: Path, script: str) -> str:
    (folder / "checkout.d.mts").write_text((ROOT / "static/widget/checkout.d.mts").read_text())
    (folder / "shop.mts").write_text(script)
    return tsc(tools, "--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "esnext",
               "--moduleResolution", "bundler", "--lib", "es2023,dom", "--types", "", str(folder / "shop.mts"))  # fmt: skip


def test_types__strict_shop__compiles(tools: Path, tmp_path: Path) -> None:
    assert consumer(tools, tmp_path, GOOD) == ""


@pytest.mark.parametrize("wrong", ["mode: 'popup'", "appearance: { colour: 'red' }", "theme: 1"])
def test_types__mistakes_of_a_shop__are_found(wrong: str, tools: Path, tmp_path: Path) -> None:
    assert "error TS" in consumer(
        tools,
        tmp_path,
        f"import {{ createCheckout }} from './checkout.mjs';\ncreateCheckout({{ checkout: 'x', {wrong} }});\n",
    )
