/** The way from our page to the shop's page around it. Nothing personal ever goes out here. */
import { VERSION, isMessage, message, openChannel } from '../shared/protocol.js';

/** Tries to be heard before the shop's page is given up. */
const HELLOS = 20;
/** Milliseconds until a question counts as not answered. */
const PATIENCE = 1000;

/** @typedef {import('../shared/protocol.js').Channel & {ask: (type: import('../shared/protocol.js').FromFrame, question: object) => Promise<any>}} Host */

/**
 * Says hello to the page around us until it welcomes us; speaks only to an origin on which the shop may embed us.
 * @param {string[]} origins @param {Record<string, (data: any) => any>} handlers
 * @param {(host: Host, welcome: any) => void} welcomed
 */
export function reachHost(origins, handlers, welcomed) {
  const nonce = String(crypto.getRandomValues(new BigUint64Array(2)));
  let tries = 0;
  /** @type {any} */ let timer;

  const hello = () => {
    const said = message(++tries, 'frame.hello', { nonce, versions: [VERSION] });
    for (const origin of origins) parent.postMessage(said, origin);
    if (tries < HELLOS) timer = setTimeout(hello, 100 * 1.4 ** tries);
  };

  /** @param {MessageEvent} event */
  const listen = ({ source, origin, data, ports }) => {
    if (source !== parent || !origins.includes(origin) || !isMessage(data) || data.type !== 'host.welcome' || data.re !== nonce || !ports[0]) return;
    clearTimeout(timer);
    removeEventListener('message', listen);
    /** @type {Map<string, (answer: any) => void>} */
    const asked = new Map();
    const channel = openChannel(ports[0], { ...handlers, reply: (answer, re) => asked.get(re ?? '')?.(answer) });
    /** @type {Host['ask']} */
    const ask = (type, question) => new Promise((resolve) => {
      asked.set(channel.post(type, question), resolve);
      setTimeout(resolve, PATIENCE);
    });
    welcomed({ ...channel, ask }, data.data ?? {});
  };
  addEventListener('message', listen);
  hello();
}
