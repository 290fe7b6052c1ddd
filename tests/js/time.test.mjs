/** Time left, by the server's clock, and the moments at which a screen reader hears of it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { clock, inWords, milestone, timeLeft } from '../../static/frame/rules.mjs';

test('time left__any clock here__counts from the server now and the age of the answer', () => {
  const view = { now: '2026-01-01T12:00:00.000Z', expires_at: '2026-01-01T12:05:00.500Z' };
  assert.equal(timeLeft(view, 0), 300_500);
  assert.equal(timeLeft(view, 301_000), -500);
});

test('time left__no deadline__never ends', () => {
  assert.equal(timeLeft({ now: '2026-01-01T12:00:00Z', expires_at: null }, 1e9), Infinity);
});

for (const [left, expected] of /** @type {[number, string][]} */ ([
  [300_000, '5:00'], [299_999, '5:00'], [61_000, '1:01'], [60_000, '1:00'], [59_001, '1:00'], [9_000, '0:09'], [1, '0:01'], [0, '0:00'],
  [-5_000, '0:00'], [3_600_000, '60:00'],
])) test(`clock__${left} ms__shows ${expected}`, () => assert.equal(clock(left), expected));

for (const [span, locale, expected] of /** @type {[number, string, string][]} */ ([
  [300_000, 'de', '5 Minuten'], [60_000, 'de', '1 Minute'], [30_000, 'en', '30 seconds'], [900, 'en', '1 second'], [-1, 'en', '0 seconds'],
])) test(`in words__${span} ms in ${locale}__says ${expected}`, () => assert.equal(inWords(span, locale), expected));

test('milestones__five minutes passing second by second__are told once each', () => {
  const told = [];
  for (let left = 301_000; left >= -2000; left -= 500) told.push(milestone(left + 500, left));
  assert.deepEqual(told.filter(Boolean), [300_000, 180_000, 60_000, 30_000, 10_000]);
});

test('milestones__a page asleep past three of them__hears the nearest only', () => {
  assert.equal(milestone(200_000, 20_000), 30_000);
});

test('milestones__first look and after the deadline__are silent', () => {
  assert.equal(milestone(250_000, 249_000), undefined);
  assert.ok(!milestone(5_000, -1));
});
