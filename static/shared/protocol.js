/**
 * The messages that the widget (in the shop's page) and the frame (our page) both know.
 * Plain structured-clone data; an unknown type is ignored, an unknown version is told to the shop's page.
 */

/** Name space and version in every message. */
export const NS = 'bridge.checkout';
export const VERSION = 1;

/** No message is larger, in characters of its JSON form. */
export const LARGEST = 8192;

/** Every message type, by sender. */
export const FROM_FRAME = ['frame.hello', 'frame.ready', 'frame.state', 'frame.submit', 'frame.resize', 'frame.escape',
  'frame.scrollintoview', 'frame.navigate', 'frame.error', 'reply'];
export const FROM_HOST = ['host.welcome', 'host.update', 'host.focus', 'host.cancel', 'host.resume', 'host.bye', 'reply'];

/** States after which nothing changes any more, with the event a shop's page hears. */
export const FINAL = Object.freeze({
  succeeded: 'success', declined: 'decline', canceled: 'cancel', expired: 'expire', failed: 'fail', gone: 'fail',
});

/**
 * Whether a received value is a message of this protocol from the given side.
 * @param {any} value what arrived
 * @param {string[]} types FROM_FRAME or FROM_HOST
 */
export function isMessage(value, types) {
  return value?.ns === NS && value.v === VERSION && typeof value.id === 'string' && Number.isSafeInteger(value.seq)
    && types.includes(value.type) && sizeOf(value) <= LARGEST;
}

/** What has no JSON form (a cycle, a BigInt) has no size. @param {any} value */
function sizeOf(value) {
  try { return JSON.stringify(value).length; } catch { return Infinity; }
}
