/**
 * What the checkout page knows without a browser: states, money, time left, how often to ask.
 * Times are milliseconds; amounts are whole minor units.
 */

/**
 * What the payer door answers.
 * @typedef {{code: string, amount: number}} Price
 * @typedef {{token: string, status: string, outcome_known: boolean, asking: boolean, method: string,
 *   amount: number, currency: string, amount_refunded: number, merchant: {name: string},
 *   order_reference: string, description: string | null, now: string, expires_at: string | null,
 *   failure: {code: string, message: string} | null, matching_number: string | null, tries_left: number,
 *   fields: string[], currencies: Price[] | null, reasons: {id: string, text: string}[] | null,
 *   page: {url: string, embed: boolean} | null, return_url: string | null, cancel_url: string | null}} View
 */

const SETTLED = { paid: 'succeeded', authorized: 'succeeded' };
const OVER = ['declined', 'expired', 'canceled', 'failed'];
const FINAL = ['succeeded', ...OVER, 'gone'];

/** How long past the deadline "checking" is believable, before the payer is told to stop waiting. */
const PATIENCE = 20_000;

/**
 * The state to show. Doubt is never shown as a failure, and a deadline that passed here is only a reason to ask.
 * @param {View} view @param {number} left until the deadline @param {boolean} [busy] a confirmation is on its way
 * @returns {string}
 */
export function stateOf(view, left, busy) {
  const { status } = view;
  if (status in SETTLED) return SETTLED[/** @type {'paid'} */ (status)];
  if (busy || view.asking) return 'sending';
  if (!view.outcome_known) return 'waiting';
  if (OVER.includes(status)) return status;
  if (left <= 0) return left < -PATIENCE && status !== 'created' ? 'waiting' : 'checking';
  if (view.page) return 'card';
  return status === 'created' ? 'ready' : 'awaiting';
}

/** Whether a state is the last one. @param {string} state */
export const isFinal = (state) => FINAL.includes(state);

/* ISO 4217 minor units other than two. Browsers disagree with ISO here (IQD), and money must not depend on them. */
const DIGITS = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF', 3: 'BHD IQD JOD KWD LYD OMR TND', 4: 'CLF UYW',
};

/**
 * An amount as people write it.
 * @param {number} amount minor units @param {string} currency @param {string} locale
 */
export function money(amount, currency, locale) {
  const digits = Number(Object.entries(DIGITS).find(([, codes]) => codes.includes(currency))?.[0] ?? 2);
  const form = { style: /** @type {const} */ ('currency'), currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(locale, form).format(amount / 10 ** digits);
}

/**
 * Fills {words} of a text; what is filled in keeps its own direction.
 * @param {string} text @param {Record<string, string | number>} values
 */
export const fill = (text, values) => text.replace(/{(\w+)}/g, (_, word) => `\u2068${values[word] ?? ''}\u2069`);

/** Minutes and seconds left, `m:ss`. @param {number} left */
export function clock(left) {
  const seconds = Math.max(0, Math.ceil(left / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** A span in words, in the unit that suits it. @param {number} span @param {string} locale */
export function inWords(span, locale) {
  const unit = span >= 60_000 ? 'minute' : 'second';
  const value = Math.round(span / (unit === 'minute' ? 60_000 : 1000));
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}

const MILESTONES = [10_000, 30_000, 60_000, 180_000, 300_000];

/** The time mark passed between two looks at the clock, if any. @param {number} before @param {number} left */
export const milestone = (before, left) => MILESTONES.find((mark) => left <= mark && before > mark && left > 0);

/**
 * How far the server's clock is ahead of ours.
 * @param {string} now the server's @param {number} ours when that was true here
 */
export const skewOf = (now, ours) => Date.parse(now) - ours;

/**
 * How long to wait until the next question: quick at first, calm later, calmest where nobody looks or little can change.
 * @param {{state: string, since: number, hidden?: boolean, failures?: number, retryAfter?: number, chance?: number}} at
 *   since: time since the state began; retryAfter: what the server asked for; chance: 0 to 1
 */
export function nextDelay({ state, since, hidden, failures = 0, retryAfter = 0, chance = Math.random() }) {
  const slow = hidden || failures > 1 || state === 'ready' || since >= 300_000;
  const base = slow ? 8000 : since >= 60_000 || state === 'card' ? 3000 : 1500;
  return Math.max(retryAfter, base * (0.8 + 0.4 * chance));
}

/**
 * Asks again and again, never twice at once. A question that is given up sees its signal aborted: 'late' or 'stopped'.
 * @param {(signal: AbortSignal) => Promise<boolean>} ask must not throw; whether to ask again @param {() => number} delay
 * @param {number} [limit] after which one question is given up
 */
export function pollChain(ask, delay, limit = 10_000) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let timer;
  /** @type {AbortController | undefined} */ let flight;
  let started = 0;
  const stop = () => { clearTimeout(timer); flight?.abort('stopped'); flight = undefined; };
  const now = async () => {
    stop();
    const mine = flight = new AbortController();
    started = Date.now();
    const late = setTimeout(() => mine.abort('late'), limit);
    const more = await ask(mine.signal);
    clearTimeout(late);
    if (flight !== mine) return;
    flight = undefined;
    if (more) start();
  };
  const start = () => { stop(); timer = setTimeout(now, delay()); };
  /* A page that wakes hears of it several times; a question from before it slept may never be answered. */
  const wake = () => { if (!flight || Date.now() - started > 1000) now(); };
  return { start, stop, now, wake };
}

/** A web address that may become a link, else nothing. @param {string | null | undefined} url */
export function webAddress(url) {
  return url && /^https?:\/\//i.test(url) ? url : undefined;
}
