/** Every language says everything, and nothing that is filled in can change the sentence around it. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';
import { fill, webAddress } from '../../static/frame/rules.mjs';

const folder = new URL('../../static/frame/', import.meta.url);
const files = readdirSync(new URL('i18n/', folder));
const languages = files.map((file) => /** @type {const} */ ([file, flat(JSON.parse(readFileSync(new URL(`i18n/${file}`, folder), 'utf8')))]));
const english = Object.fromEntries(languages)['en.json'];
const page = readFileSync(new URL('checkout.html', folder), 'utf8');
const script = readFileSync(new URL('frame.mjs', folder), 'utf8');

/** Every text by its path. @param {any} texts @param {string} [path] @returns {Record<string, string>} */
function flat(texts, path = '') {
  return Object.assign({}, ...Object.entries(texts).map(([key, value]) => (
    typeof value === 'string' ? { [path + key]: value } : flat(value, `${path}${key}.`))));
}

/** @param {string} text */
const blanks = (text) => (text.match(/{\w+}/g) ?? []).sort();

for (const [file, texts] of languages) {
  test(`language__${file}__has every key, no empty text and the same words to fill in`, () => {
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(english).sort());
    for (const key of Object.keys(english)) {
      assert.ok(texts[key].trim(), key);
      assert.deepEqual(blanks(texts[key]), blanks(english[key]), key);
    }
  });
}

test('texts__keys named by page and script__exist, and no other', () => {
  const named = [...page.matchAll(/{{ text\.(\w+) }}/g)].map(([, key]) => `page.${key}`)
    .concat([...script.matchAll(/texts\.(\w+)\b(?!\[)/g)].map(([, key]) => `script.${key}`))
    .concat(['confirm', 'cancel', 'reason', 'wallet_username'].map((key) => `script.${key}`));
  const known = Object.keys(english).filter((key) => !/^script\.(states|advice)\./.test(key)); // named by what the server says
  assert.deepEqual([...new Set(named)].sort(), known.sort());
});

test('texts__every state the page shows__has a heading', () => {
  const states = new Set([...page.matchAll(/data-in="([^"]+)"/g)].flatMap(([, list]) => list.split(' ')));
  states.delete('loading');
  for (const state of states) assert.ok(`script.states.${state}.0` in english, state);
});

test('fill__names with markup, braces and another direction__stay as they are, isolated', () => {
  assert.equal(fill('{a} to {b}', { a: '{b}', b: '<b>שלום' }), '\u2068{b}\u2069 to \u2068<b>שלום\u2069');
});

test('fill__nothing given__leaves nothing', () => assert.equal(fill('[{a}]', {}), '[\u2068\u2069]'));

for (const url of ['javascript:alert(1)', 'data:text/html,x', '//evil.example', ' https://shop.example', '', null, undefined]) {
  test(`web address__${url}__is refused`, () => assert.equal(webAddress(url), ''));
}

test('web address__of a shop__is kept', () => assert.equal(webAddress('https://shop.example/a?b#c'), 'https://shop.example/a?b#c'));
