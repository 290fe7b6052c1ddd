/** The way from our page to the shop's page around it. Nothing personal ever goes out here. */
import { NS, VERSION, isMessage, openChannel } from '../shared/protocol.js';

/** Tries to be heard before the shop's page is given up. */
const HELLOS = 20;

/**
 * Says hello to the page around us until it welcomes us; speaks only to an origin on which the shop may embed us.
 * @param {string[]} origins @param {Record<string, (data: any) => any>} handlers
 * @param {(channel: import('../shared/protocol.js').Channel, welcome: any) => void} welcomed
 */
export function reachHost(origins, handlers, welcomed) {
  const nonce = String(crypto.getRandomValues(new BigUint64Array(2)));
  let said = 0;
  /** @type {any} */ let timer;

  const hello = () => {
    const message = { ns: NS, v: VERSION, id: nonce, seq: ++said, type: 'frame.hello', data: { nonce, versions: [VERSION] } };
    for (const origin of origins) parent.postMessage(message, origin);
    if (said < HELLOS) timer = setTimeout(hello, 100 * 1.4 ** said);
  };

  /** @param {MessageEvent} event */
  const listen = ({ source, origin, data, ports }) => {
    if (source !== parent || !origins.includes(origin) || !isMessage(data) || data.type !== 'host.welcome' || data.re !== nonce || !ports[0]) return;
    clearTimeout(timer);
    removeEventListener('message', listen);
    welcomed(openChannel(ports[0], handlers), data.data ?? {});
  };
  addEventListener('message', listen);
  hello();
}
