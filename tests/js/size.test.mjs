/** What the checkout page weighs. Comments and indentation do not count: a reason must never be left out to save bytes. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';
import { gzipSync } from 'node:zlib';

const folder = new URL('../../static/frame/', import.meta.url);

/** @param {string} file bytes with gzip, without whole-line comments and indentation */
function weight(file) {
  const text = readFileSync(new URL(file, folder), 'utf8').replace(/\{#[^]*?#\}\n?/g, '').replace(/^[ \t]*\/\*[^]*?\*\/[ \t]*\n/gm, '');
  return gzipSync(text.replace(/^[ \t]+/gm, ''), { level: 9 }).length;
}

for (const language of readdirSync(new URL('i18n/', folder))) {
  test(`size__page in ${language}__is at most 10 kB`, () => {
    const files = ['checkout.html', 'frame.css', 'frame.mjs', 'rules.mjs', `i18n/${language}`];
    const total = files.map(weight).reduce((sum, bytes) => sum + bytes, 0);
    assert.ok(total <= 10_000, `${total} bytes`);
  });
}
