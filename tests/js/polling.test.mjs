/** How often the page asks: quick at first, calm later, never twice at once, never after the end. */
import assert from 'node:assert/strict';
import test, { mock } from 'node:test';
import { nextDelay, pollChain } from '../../static/frame/rules.mjs';

const middle = 0.5;

for (const [at, expected] of /** @type {[any, number][]} */ ([
  [{ state: 'awaiting', since: 0 }, 1500],
  [{ state: 'awaiting', since: 59_999 }, 1500],
  [{ state: 'awaiting', since: 60_000 }, 3000],
  [{ state: 'awaiting', since: 300_000 }, 8000],
  [{ state: 'checking', since: 0 }, 1500],
  [{ state: 'card', since: 0 }, 3000],
  [{ state: 'ready', since: 0 }, 8000],
  [{ state: 'awaiting', since: 0, hidden: true }, 8000],
  [{ state: 'awaiting', since: 0, failures: 1 }, 1500],
  [{ state: 'awaiting', since: 0, failures: 2 }, 8000],
  [{ state: 'awaiting', since: 0, retryAfter: 20_000 }, 20_000],
])) test(`delay__${JSON.stringify(at)}__is ${expected} ms`, () => assert.equal(nextDelay(at, middle), expected));

test('delay__jitter__stays within a fifth', () => {
  const at = { state: 'awaiting', since: 0 };
  assert.ok(Math.abs(nextDelay(at, 0) - 1200) < 1e-6);
  assert.ok(Math.abs(nextDelay(at, 1) - 1800) < 1e-6);
});

test('delay__first minute__asks 45 times at most on average', () => {
  let questions = 0;
  for (let since = 0; since < 60_000; questions += 1) since += nextDelay({ state: 'awaiting', since }, middle);
  assert.ok(questions <= 45, String(questions));
});

/** A bridge whose answers wait until the test gives them. */
function aBridge() {
  /** @type {{signal: AbortSignal, answer: (more: boolean) => void}[]} */
  const asked = [];
  const ask = (/** @type {AbortSignal} */ signal) => new Promise((/** @type {(more: boolean) => void} */ answer) => {
    asked.push({ signal, answer });
    signal.addEventListener('abort', () => answer(true));
  });
  return { asked, ask };
}

/** Lets what was promised happen. */
const settle = async () => { for (let i = 0; i < 10; i += 1) await null; };

/** @param {string} name @param {(bridge: ReturnType<typeof aBridge>, chain: ReturnType<typeof pollChain>) => Promise<void>} body */
const chainTest = (name, body) => test(name, async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const bridge = aBridge();
  try { await body(bridge, pollChain(bridge.ask, () => 1500)); } finally { mock.timers.reset(); }
});

chainTest('chain__slow answer__is not overtaken by a second question', async ({ asked }, chain) => {
  chain.start();
  mock.timers.tick(1500);
  mock.timers.tick(8000);
  assert.equal(asked.length, 1);
  asked[0].answer(true);
  await settle();
  mock.timers.tick(1500);
  assert.equal(asked.length, 2);
});

chainTest('chain__no answer in ten seconds__gives up and asks again', async ({ asked }, chain) => {
  chain.now();
  mock.timers.tick(10_000);
  assert.equal(asked[0].signal.reason, 'late');
  await settle();
  mock.timers.tick(1500);
  assert.equal(asked.length, 2);
});

chainTest('chain__last answer__asks no more', async ({ asked }, chain) => {
  chain.now();
  asked[0].answer(false);
  await settle();
  mock.timers.tick(60_000);
  assert.equal(asked.length, 1);
});

chainTest('chain__stopped in flight__aborts and stays silent', async ({ asked }, chain) => {
  chain.now();
  chain.stop();
  assert.equal(asked[0].signal.reason, 'stopped');
  await settle();
  mock.timers.tick(60_000);
  assert.equal(asked.length, 1);
});

chainTest('chain__woken three times at once__asks once', async ({ asked }, chain) => {
  chain.start();
  for (let i = 0; i < 3; i += 1) chain.wake();
  assert.equal(asked.length, 1);
});

chainTest('chain__woken with a question from before the sleep__asks anew at once', async ({ asked }, chain) => {
  chain.now();
  mock.timers.tick(5000);
  chain.wake();
  assert.equal(asked[0].signal.reason, 'stopped');
  assert.equal(asked.length, 2);
  await settle();
  mock.timers.tick(1500);
  assert.equal(asked.length, 2);
});
