/**
 * The messages between the widget, in the shop's page, and the frame, our page. Both sides are built over this file.
 *
 * The frame says `frame.hello` on the window until `host.welcome` brings it a port; all else goes over the port, numbered.
 * Plain structured-clone data; what is unknown, too large, from elsewhere or heard before is ignored.
 *
 * @typedef {'frame.hello' | 'frame.ready' | 'frame.state' | 'frame.submit' | 'frame.resize' | 'frame.escape' | 'frame.scrollintoview'
 *   | 'frame.navigate' | 'frame.error'} FromFrame
 * @typedef {'host.welcome' | 'host.update' | 'host.focus' | 'host.cancel' | 'host.resume' | 'host.bye'} FromHost
 * @typedef {{ns: string, v: number, id: string, seq: number, type: FromFrame | FromHost | 'reply', re?: string, data?: any}} Message
 * @typedef {{post: (type: FromFrame | FromHost | 'reply', data?: object, re?: string) => string, close: () => void}} Channel
 */

/** Name space in every message. */
export const NS = 'bridge.checkout';
/** Version in every message. */
export const VERSION = 1;

/** Words a message. @param {number} seq @param {Message['type']} type @param {object} data @param {string} [re] the message that this answers @returns {Message} */
export const message = (seq, type, data, re) => ({ ns: NS, v: VERSION, id: `${seq}`, seq, type, re, data });

/** No message is larger, in characters of its JSON form. */
const LARGEST = 8192;

/** Whether a value is a message of this protocol, in a version that we understand. What has no JSON form (a cycle, a BigInt) is none. @param {any} value */
export function isMessage(value) {
  try {
    return value.ns === NS && value.v === VERSION && typeof value.id === 'string' && Number.isSafeInteger(value.seq)
      && typeof value.type === 'string' && JSON.stringify(value).length <= LARGEST;
  } catch { return false; }
}

/**
 * One end of an open channel. What a handler returns is the reply to the message.
 * @param {MessagePort} port @param {Record<string, (data: any, re?: string) => any>} handlers by type @returns {Channel}
 */
export function openChannel(port, handlers) {
  let sent = 0;
  let heard = 0;
  /** @type {Channel['post']} */
  const post = (type, data = {}, re) => {
    port.postMessage(message(++sent, type, data, re));
    return `${sent}`;
  };
  port.onmessage = async ({ data: got }) => {
    if (!isMessage(got) || got.seq <= heard) return;
    heard = got.seq;
    const answer = Object.hasOwn(handlers, got.type) && await handlers[got.type](got.data ?? {}, got.re);
    if (answer) post('reply', answer, got.id);
  };
  return { post, close: () => port.close() };
}
