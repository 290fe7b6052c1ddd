/** What the checkout page knows without a browser. Times are milliseconds, amounts whole minor units. */

const OVER = ['declined', 'expired', 'canceled', 'failed'];

/** The end, without money. @param {string} state */
export const isOver = (state) => OVER.includes(state);

/** The end. @param {string} state */
export const isFinal = (state) => isOver(state) || state === 'succeeded' || state === 'gone';

/**
 * The state to show. Doubt is never shown as a failure, a deadline that passed is only a reason to ask,
 * and 20 seconds past it nobody believes "checking".
 * @param {import('./view').View} view @param {number} left until the deadline @returns {string}
 */
export function stateOf({ status, outcome_known, asking, canceling, page, tries_left }, left) {
  if (status === 'paid' || status === 'authorized') return 'succeeded';
  if (asking) return 'sending';
  if (canceling) return 'checking';
  if (!outcome_known) return 'waiting';
  if (isOver(status)) return status;
  if (left <= 0) return left < -20_000 && status === 'pending' ? 'waiting' : 'checking';
  if (page) return 'card';
  if (status === 'pending') return 'awaiting';
  return tries_left > 0 ? 'ready' : 'blocked';
}

/** An amount as people write it. @param {number} amount @param {string} currency @param {string} locale @param {number} [digits] */
export const money = (amount, currency, locale, digits = 2) => (amount / 10 ** digits)
  .toLocaleString(locale, { style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits });

/** What a person typed or pasted, without the space around it and the marks in it that nobody sees. @param {string} text */
export const typed = (text) => text.replace(/[\p{Cf}\u034f]/gu, '').trim();

/** Fills the {words} of a text; each keeps its own direction. @param {string} text @param {Record<string, any>} values */
export const fill = (text, values) => text.replace(/{(\w+)}/g, (_, word) => `\u2068${values[word] ?? ''}\u2069`);

/** Minutes and seconds, `m:ss`. @param {number} left */
export function clock(left) {
  const seconds = Math.max(0, Math.ceil(left / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** A span in words: whole minutes from one minute on, else seconds. @param {number} span @param {string} locale */
export function inWords(span, locale) {
  const [unit, size] = span >= 60_000 ? ['minute', 60_000] : ['second', 1000];
  return Math.max(0, Math.ceil(span / size)).toLocaleString(locale, { style: 'unit', unit, unitDisplay: 'long' });
}

/** The mark passed between two looks at the time left, if any. @param {number} before @param {number} left */
export const milestone = (before, left) => left > 0 && [10, 30, 60, 180, 300].map((seconds) => seconds * 1000)
  .find((mark) => left <= mark && before > mark);

/** Time left by the server's clock, whatever ours says. @param {{now: string, expires_at: string | null}} view @param {number} age of the view */
export const timeLeft = ({ now, expires_at }, age) => (expires_at ? Date.parse(expires_at) - Date.parse(now) - age : Infinity);

/**
 * How long to wait before asking again: quick at first, then calmer; calmest where nobody looks or little can change.
 * @param {{state: string, since: number, hidden?: boolean, failures?: number, retryAfter?: number}} at `since` the state began
 * @param {number} [chance] 0 to 1
 */
export function nextDelay({ state, since, hidden, failures = 0, retryAfter = 0 }, chance = Math.random()) {
  const calm = hidden || failures > 1 || state === 'ready' || state === 'blocked' || since >= 300_000;
  const base = calm ? 8000 : since >= 60_000 || state === 'card' ? 3000 : 1500;
  return Math.max(retryAfter, base * (0.8 + 0.4 * chance));
}

/**
 * Asks again and again, never twice at once. A question given up sees its signal aborted, 'late' or 'stopped'.
 * @param {(signal: AbortSignal) => Promise<boolean>} ask must not throw; whether to go on
 * @param {() => number} delay @param {number} [limit] of one question
 */
export function pollChain(ask, delay, limit = 10_000) {
  /** @type {any} */ let timer;
  /** @type {AbortController | undefined} */ let flight;
  let began = 0;
  const stop = () => {
    clearTimeout(timer);
    flight?.abort('stopped');
    flight = undefined;
  };
  const start = () => {
    stop();
    timer = setTimeout(now, delay());
  };
  const now = async () => {
    stop();
    const mine = flight = new AbortController();
    began = Date.now();
    const late = setTimeout(() => mine.abort('late'), limit);
    const more = await ask(mine.signal);
    clearTimeout(late);
    if (flight !== mine) return;
    flight = undefined;
    if (more) start();
  };
  /* A page that wakes hears of it several times; a question from before it slept may never be answered. */
  const wake = () => { if (!flight || Date.now() - began > 1000) now(); };
  return { start, stop, now, wake };
}

/** A web address that may become a link. @param {string | null | undefined} url */
export const webAddress = (url) => (url && /^https?:\/\//i.test(url) ? url : '');
