/** Money as a payer reads it: whole minor units in, the right number of digits out. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { money } from '../../static/frame/rules.mjs';

/** @param {string} text */
const plain = (text) => text.replace(/[\u00a0\u202f]/g, ' ');

for (const [amount, currency, locale, expected, digits] of /** @type {[number, string, string, string, number?][]} */ ([
  [4999, 'EUR', 'de', '49,99 €'],
  [4999, 'EUR', 'en', '€49.99'],
  [5, 'EUR', 'de', '0,05 €'],
  [0, 'EUR', 'en', '€0.00'],
  [123456789, 'EUR', 'de', '1.234.567,89 €'],
  [5123, 'CCR', 'de', '5.123 CCR', 0],
  [500, 'JPY', 'en', '¥500', 0],
  [12345, 'KWD', 'en', 'KWD 12.345', 3],
  [12345, 'IQD', 'en', 'IQD 12.345', 3],
  [12345, 'LBP', 'en', 'LBP 123.45'],
])) {
  test(`money__${amount} ${currency} in ${locale}__reads ${expected}`, () => {
    assert.equal(plain(money(amount, currency, locale, digits)), expected);
  });
}

test('money__largest safe integer__loses no digit before the comma', () => {
  assert.match(money(9007199254740991, 'EUR', 'en'), /^€90,071,992,547,409\.9/);
});
