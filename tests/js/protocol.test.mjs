/** What counts as a message between the shop's page and the frame. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { FROM_FRAME, FROM_HOST, LARGEST, NS, VERSION, isMessage } from '../../static/shared/protocol.js';

const good = { ns: NS, v: VERSION, id: 'a', seq: 1, type: 'frame.ready', data: {} };

test('message__whole__is one', () => assert.ok(isMessage(good, FROM_FRAME)));
test('message__from the other side__is none', () => assert.equal(isMessage(good, FROM_HOST), false));

for (const bad of [null, 'x', 1, [], {}, { ...good, ns: 'x' }, { ...good, v: 2 }, { ...good, id: 1 }, { ...good, seq: 1.5 }, { ...good, seq: '1' },
  { ...good, type: 'toString' }, { ...good, data: 'x'.repeat(LARGEST) }]) {
  test(`message__${JSON.stringify(bad)?.slice(0, 60)}__is none`, () => assert.equal(isMessage(bad, FROM_FRAME), false));
}

test('message__with a cycle__is none', () => {
  /** @type {any} */ const message = { ...good };
  message.data = message;
  assert.equal(isMessage(message, FROM_FRAME), false);
});
