/** What a payer types or pastes into a field. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { typed } from '../../static/frame/rules.mjs';

for (const mark of '\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff') {
  test(`typed__with U+${mark.codePointAt(0)?.toString(16)} in it__is read without`, () => {
    assert.equal(typed(`${mark} customer${mark}@example.com ${mark}`), 'customer@example.com');
  });
}

test('typed__letters of every script__stay', () => {
  assert.equal(typed(' Łódź.ŽŽ+日本@exämple.com\u00a0'), 'Łódź.ŽŽ+日本@exämple.com');
});
