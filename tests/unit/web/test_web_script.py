"""Scripts as browsers get them: shorter, and otherwise the same."""
from __future__ import annotations

import subprocess

import pytest
from web_stand_in import STATIC

from bridge.web.pack import SCRIPTS, pack
from bridge.web.script import pieces, shorter

SOURCES = [path for path in sorted(STATIC.rglob("*")) if path.suffix in SCRIPTS]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_pieces__of_every_script__are_the_script_again(path):
    script = path.read_text()
    assert "".join(piece.text for piece in pieces(script)) == script


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_shorter__every_script__is_read_by_an_engine_and_smaller(path, tmp_path):
    made = tmp_path / path.name
    made.write_bytes(pack(path, STATIC).body)
    assert made.stat().st_size < len(path.read_bytes())
    assert subprocess.run(["node", "--check", made], capture_output=True, timeout=60).returncode == 0


@pytest.mark.parametrize(("script", "expected"), [
    ("/** why */\nconst a = 1; // one\n", "let a=1;"),
    ("call('a  // b', `c  /* ${ d } */`);", "call('a  // b',`c  /* ${d} */`);"),
    ("x = a / b / /[/ ]/g.exec(c);", "x=a/b/ /[/ ]/g.exec(c);"),
    ("a = b + +c - -d; e++ + f;", "a=b+ +c- -d;e++ +f;"),
    ("if (a) return 'b';\nelse return typeof c;", "if(a)return'b';else return typeof c;"),
    ("f = () => {}\ng();", "f=()=>{}\ng();"),
    ("a = b\n  ? c\n  : d;", "a=b?c:d;"),
    ("`a${`b${ c  }`} d  e`;", "`a${`b${c}`} d  e`;"),
    ("a = { b: 1,\n  c,\n};", "a={b:1,c,};"),
])
def test_shorter__space_and_comments__go_where_nothing_needs_them(script, expected):
    assert shorter(script).strip() == expected


@pytest.mark.parametrize(("script", "expected"), [
    ("const first = 1; use(first, x.first, { first: 2, first });", "let a=1;use(a,x.first,{first:2,first:a});"),
    ("let count = 0; f(({ count = 1, ...more }) => count);", "let a=0;f(({count:a=1,...more})=>a);"),
    ("function call() {} export function told() { call(); }", "function a(){}export function told(){a();}"),
    ("export const told = 1; export async function later() {} later(told);", "export let told=1;export async function later(){}later(told);"),
    ("f(() => { const status = 1; use(status); }); use(status);", "f(()=>{let a=1;use(a);});use(status);"),
    ("f(() => { const one = 1; use(one); }); f(() => { const two = 2; use(two); });", "f(()=>{let a=1;use(a);});f(()=>{let a=2;use(a);});"),
    ("f(() => { const one = 1; f(() => { const two = 2; use(one, two); }); });", "f(()=>{let a=1;f(()=>{let b=2;use(a,b);});});"),
    ("const log = 1; class A { log() { return log; } }", "let log=1;class A{log(){return log;}}"),
    ("const name = 1; a = `name ${name} 'name'`; b = 'name';", "let c=1;a=`name ${c} 'name'`;b='name';"),
    ("const long = 1; const a = 2; use(long, b);", "let c=1;let a=2;use(c,b);"),
    ("const go = { go() { go(); }, async go() {} };", "let a={go(){a();},async go(){}};"),
    ("a ? { long } : long; const long = 1;", "a?{long:b}:b;let b=1;"),
])
def test_shorter__names__change_where_they_mean_the_same_and_nowhere_else(script, expected):
    assert shorter(script) == expected


def test_shorter__everything_at_once__computes_the_same(tmp_path):
    script = r"""
    const total = (list) => list.reduce((sum, { price = 1, total: times = 1 }) => sum + price * times, 0);
    const state = { total, 'total-2': total([{ price: 3, total: 2 }, {}]) };
    class Box extends Map { static total = 4; total() { return `${total([{ price: 5 }])}/${Box.total}`; } }
    function* count() { for (let total = 0; total < 3; total++) yield total; }
    const { total: renamed } = state, deep = { a: { total: 9 } };
    label(() => { const total = deep?.a?.total ?? 0; { const total = 8; state.inner = total; } state.outer = total; });
    function label(run) { return run(); }
    console.log(JSON.stringify([state['total-2'], new Box().total(), [...count()], renamed === total, state.inner, state.outer, /total\/[/]/.test('total//')]));
    """
    shown = [subprocess.run(["node", "-e", text], capture_output=True, text=True, timeout=60) for text in (script, shorter(script))]
    assert shown[0].stdout == shown[1].stdout == '[7,"5/4",[0,1,2],true,8,9,true]\n', shown
