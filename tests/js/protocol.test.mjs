/** What counts as a message between the shop's page and the frame. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { NS, VERSION, isMessage, openChannel } from '../../static/shared/protocol.js';

const good = { ns: NS, v: VERSION, id: 'a', seq: 1, type: 'frame.ready', data: {} };

test('message__whole__is one', () => assert.ok(isMessage(good)));

for (const bad of [null, 'x', 1, [], {}, { ...good, ns: 'x' }, { ...good, v: 2 }, { ...good, id: 1 }, { ...good, seq: 1.5 }, { ...good, seq: '1' },
  { ...good, type: 1 }, { ...good, data: 'x'.repeat(8192) }]) {
  test(`message__${JSON.stringify(bad)?.slice(0, 60)}__is none`, () => assert.equal(isMessage(bad), false));
}

test('message__with a cycle__is none', () => {
  /** @type {any} */ const message = { ...good };
  message.data = message;
  assert.equal(isMessage(message), false);
});

test('channel__replayed, old and unknown messages__are not heard', async () => {
  const { port1: port, port2 } = new MessageChannel();
  /** @type {number[]} */ const heard = [];
  await new Promise((resolve) => {
    openChannel(port2, { 'frame.state': ({ n }) => { heard.push(n); }, 'frame.escape': resolve });
    for (const [seq, type] of /** @type {const} */ ([[1, 'frame.state'], [1, 'frame.state'], [3, 'frame.state'], [2, 'frame.state'], [4, 'toString'],
      [5, 'reply']])) port.postMessage({ ...good, seq, type, data: { n: seq } });
    port.postMessage({ ...good, v: 2, seq: 9, type: 'frame.state', data: { n: 9 } });
    port.postMessage({ ...good, seq: 10, type: 'frame.escape' });
  });
  port.close();
  assert.deepEqual(heard, [1, 3]);
});

test('channel__question__gets the reply of its handler', async () => {
  const { port1, port2 } = new MessageChannel();
  const host = openChannel(port1, { 'frame.navigate': ({ url }) => ({ ok: true, url }) });
  const answer = await new Promise((resolve) => {
    const frame = openChannel(port2, { reply: (data, re) => { resolve({ ...data, re }); } });
    assert.equal(frame.post('frame.navigate', { url: 'x' }), '1');
  });
  assert.deepEqual(answer, { ok: true, url: 'x', re: '1' });
  host.close();
});
