/** Which state a payer sees: doubt is never a failure, and a deadline that passed is never a result. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { isFinal, isOver, stateOf } from '../../static/frame/rules.mjs';
import { FINAL } from '../../static/widget/checkout.mjs';

/** @param {object} [changes] @returns {any} */
const aView = (changes) => ({ status: 'created', outcome_known: true, asking: false, page: null, tries_left: 5, ...changes });
const page = { url: 'https://provider.example/p', embed: true };

for (const [changes, left, expected] of /** @type {[object, number, string][]} */ ([
  [{}, 60_000, 'ready'],
  [{}, Infinity, 'ready'],
  [{ tries_left: 0 }, 60_000, 'blocked'],
  [{ asking: true }, 60_000, 'sending'],
  [{ status: 'pending' }, 60_000, 'awaiting'],
  [{ status: 'pending', asking: true }, 60_000, 'sending'],
  [{ status: 'pending', page }, 60_000, 'card'],
  [{ page }, 60_000, 'card'],
  [{ status: 'pending' }, 0, 'checking'],
  [{ status: 'pending' }, -20_000, 'checking'],
  [{ status: 'pending' }, -20_001, 'waiting'],
  [{}, -1, 'checking'],
  [{}, -100_000, 'checking'],
  [{ status: 'pending', outcome_known: false }, 60_000, 'waiting'],
  [{ status: 'paid' }, -1, 'succeeded'],
  [{ status: 'paid', outcome_known: false }, -1, 'succeeded'],
  [{ status: 'paid', asking: true }, 1, 'succeeded'],
  [{ status: 'authorized' }, 60_000, 'succeeded'],
  [{ status: 'declined' }, 60_000, 'declined'],
  [{ status: 'failed' }, 60_000, 'failed'],
  [{ status: 'canceled' }, -1, 'canceled'],
  [{ status: 'expired' }, -100_000, 'expired'],
])) {
  test(`state__${JSON.stringify(changes)} with ${left} ms left__is ${expected}`, () => {
    assert.equal(stateOf(aView(changes), left), expected);
  });
}

for (const status of ['created', 'pending', 'declined', 'failed', 'canceled', 'expired']) {
  test(`state__${status} with a lost outcome__is waiting and not over`, () => {
    const state = stateOf(aView({ status, outcome_known: false }), -1);
    assert.equal(state, 'waiting');
    assert.equal(isFinal(state) || isOver(state), false);
  });
}

test('final states__frame and widget__are the same, but for the page that is gone, of which nobody knows the end', () => {
  const states = ['loading', 'ready', 'blocked', 'sending', 'awaiting', 'card', 'checking', 'waiting', ...Object.keys(FINAL), 'gone'];
  assert.deepEqual(states.filter(isFinal), [...Object.keys(FINAL), 'gone']);
});
