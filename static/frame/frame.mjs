/**
 * The checkout page: shows one payment to its payer, asks for the wallet user name, and follows the payment to its end.
 * What it shows is always the server's word; it keeps nothing in the browser and adds no history.
 */
import { clock, fill, inWords, isFinal, milestone, money, nextDelay, pollChain, skewOf, stateOf, webAddress } from './rules.mjs';

/** @typedef {import('./rules.mjs').View} View */

/** @param {string} id @returns {any} */
const $ = (id) => document.getElementById(id);

/** @type {{api: string, locale: string, view: View | null, code?: string}} */
const data = JSON.parse($('checkout-data').textContent);
const lang = document.documentElement.lang;
const framed = window.parent !== window;

/** A provider's page may bring the browser back inside the frame we made for it: then the outer page shows the result. */
const inner = framed && (() => {
  try { return Boolean(window.parent.document.getElementById('checkout-data')); } catch { return false; }
})();

/** @type {Record<string, string>} */
const texts = (await import(`./i18n/${lang}.mjs`).catch(() => import('./i18n/en.mjs'))).default;

let view = data.view;
let code = data.code;
let state = 'loading';
let since = 0;
/** What is on its way to the server: 'confirm', 'cancel' or nothing. */
let busy = '';
let etag = '';
let skew = 0;
let failures = 0;
let retryAfter = 0;
/** Time left when this page first saw the payment wait, and at the last look. */
let span = 0;
let lastLeft = Infinity;
/** When the browser goes on by itself, on our clock; 0 is never. */
let leaveAt = 0;
/** @type {Record<string, string>} */
let errors = {};
/** @type {ReturnType<typeof setTimeout> | undefined} */
let bannerTimer;

const left = () => (view?.expires_at ? Date.parse(view.expires_at) - Date.now() - skew : Infinity);

/** @param {string} key @param {Record<string, string | number>} [more] */
function say(key, more) {
  const merchant = view?.merchant.name ?? '';
  const amount = view ? money(view.amount, view.currency, data.locale) : '';
  return fill(texts[key] ?? '', { merchant, amount, ...more });
}

/** Writes only what changed, so that nothing flickers or is read twice. @param {any} element @param {string} text */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows a text, or hides its element where there is none. @param {any} element @param {string} [text] */
function show(element, text = '') {
  element.hidden = !text;
  write(element, text);
}

/** Says something to a screen reader, and to nobody else. @param {string} text */
const announce = (text) => write($('live'), text);

/* ---- drawing ---- */

/** What happened to the payer's money, in sentences. @param {View} v */
function story(v) {
  if (state === 'succeeded') return say(v.status === 'authorized' ? 'reserved.body' : 'succeeded.body');
  if (!isFinal(state)) return say(`${state}.body`);
  return [v.failure?.message || say(`${state}.body`), say('untouched'), say('again')].filter(Boolean).join(' ');
}

function draw() {
  const before = state;
  state = code ? 'gone' : inner ? 'checking' : stateOf(/** @type {View} */ (view), left(), busy === 'confirm');
  const root = $('checkout');
  root.dataset.state = state;
  root.removeAttribute('aria-busy');
  for (const element of root.querySelectorAll('[data-in]')) element.toggleAttribute('hidden', !element.dataset.in.split(' ').includes(state));
  for (const element of root.querySelectorAll('[data-out]')) element.toggleAttribute('hidden', element.dataset.out.split(' ').includes(state));
  for (const element of root.querySelectorAll('[data-t]')) write(element, say(element.dataset.t));
  write($('heading'), say(`${state}.heading`));
  show($('body'), code ? say('gone.body', { code }) : story(/** @type {View} */ (view)));
  if (view) drawView(view);
  drawActions();
  tick();
  if (state !== before) entered(before);
}

/** @param {View} v */
function drawView(v) {
  const amount = money(v.amount, v.currency, data.locale);
  write($('merchant'), v.merchant.name);
  write($('initial'), [...v.merchant.name][0] ?? '');
  write($('amount'), amount);
  write($('order'), v.order_reference);
  write($('purpose'), v.description ?? '');
  $('purpose-row').hidden = !v.description || v.description.includes(v.order_reference);
  $('refunded-row').hidden = !v.amount_refunded;
  write($('refunded'), money(v.amount_refunded, v.currency, data.locale));
  $('match-box').hidden ||= !v.matching_number;
  write($('match'), v.matching_number ?? '');
  drawForm(v);
  drawPage(v);
}

/** @param {View} v */
function drawForm(v) {
  const blocked = v.tries_left < 1;
  show($('alert'), blocked && state === 'ready' ? say('tooMany') : errors.form);
  const form = $('form');
  form.hidden = !(state === 'ready' || busy === 'confirm');
  if (form.hidden) return;
  $('mark').hidden = true;
  show($('body'));
  fillChoices(v);
  for (const field of ['currency', 'wallet_username', 'reason']) $(`${field}-field`).hidden = blocked || !v.fields.includes(field);
  for (const field of ['wallet_username', 'reason']) {
    show($(`${field}-error`), errors[field]);
    $(field).setAttribute('aria-invalid', String(Boolean(errors[field])));
  }
  $('wallet_username').readOnly = Boolean(busy);
  $('send').hidden = blocked;
  $('send').setAttribute('aria-disabled', String(Boolean(busy)));
  write($('send').firstElementChild, say(busy === 'confirm' ? 'sending.heading' : 'send'));
}

/** Builds the choices once: what the payer picked must survive the next answer. @param {View} v */
function fillChoices(v) {
  const reason = $('reason');
  if (reason.length === 1) reason.append(...(v.reasons ?? []).map(({ id, text }) => new Option(text, id)));
  const currencies = $('currencies');
  if (currencies.firstChild) return;
  currencies.append(...(v.currencies ?? []).map((price) => {
    const label = document.createElement('label');
    const input = document.createElement('input');
    const text = document.createElement('bdi');
    Object.assign(input, { type: 'radio', name: 'currency', value: price.code, defaultChecked: price.code === v.currency });
    text.textContent = money(price.amount, price.code, data.locale);
    label.append(input, text);
    return label;
  }));
}

/** The provider's own page, where it may be framed; gone when the card is no longer asked for. @param {View} v */
function drawPage(v) {
  const url = state === 'card' ? webAddress(v.page?.url) : undefined;
  const box = $('page');
  if (!url || !v.page?.embed) box.replaceChildren();
  else if (!box.firstChild) {
    const frame = document.createElement('iframe');
    const title = say('card.title', { host: new URL(url).host });
    Object.assign(frame, { src: url, name: 'provider-page', title, referrerPolicy: 'origin', allow: 'payment *; publickey-credentials-get *' });
    box.append(frame);
  }
}

function drawActions() {
  const over = isFinal(state) && state !== 'succeeded';
  const back = over || (state === 'ready' && view && view.tries_left < 1);
  const page = state === 'card' ? webAddress(view?.page?.url) : undefined;
  link($('go'), state === 'succeeded' ? 'continue' : 'back', webAddress(
    state === 'succeeded' ? view?.return_url : back ? view?.cancel_url ?? view?.return_url : null));
  link($('full'), 'card.go', page);
  $('full').classList.toggle('primary', !view?.page?.embed);
  $('cancel').setAttribute('aria-disabled', String(Boolean(busy)));
  $('cancel').hidden ||= busy === 'confirm';
}

/** @param {any} anchor @param {string} key @param {string} [url] */
function link(anchor, key, url) {
  anchor.hidden = !url;
  write(anchor, say(key));
  if (url) anchor.href = url;
}

/** @param {string} before */
function entered(before) {
  const heading = say(`${state}.heading`);
  const merchant = view?.merchant.name;
  since = Date.now();
  document.title = (merchant ? `${heading} – ${merchant}` : heading).replace(/[\u2068\u2069]/g, '');
  lastLeft = left();
  if (state === 'awaiting') span ||= lastLeft;
  if (before === 'loading') return;
  announce(heading);
  /* The thing that had the focus may be gone. Nothing is taken from a shop's page whose field the payer is typing in. */
  if (document.hasFocus() && !busy) $('heading').focus({ preventScroll: framed });
  if (isFinal(state)) chain.stop();
  /* Only who saw the payment succeed is taken on: who comes back to this page wants to be here. */
  if (state === 'succeeded' && !framed && webAddress(view?.return_url)) leaveAt = Date.now() + 5000;
  tick();
}

/* ---- time ---- */

/** Looks at the clock; a deadline that passed is a reason to ask, never a result. */
function tick() {
  const rest = left();
  $('left-box').hidden = state !== 'awaiting' || rest === Infinity;
  if (state === 'awaiting') {
    write($('left'), say('left', { time: clock(rest) }));
    $('bar').style.inlineSize = `${Math.max(0, Math.min(100, (rest / span) * 100))}%`;
    const mark = milestone(lastLeft, rest);
    if (mark) announce(say('left', { time: inWords(mark, data.locale) }));
  }
  lastLeft = rest;
  const wait = leaveAt - Date.now();
  show($('auto'), leaveAt ? say('auto', { time: inWords(Math.max(0, Math.ceil(wait / 1000)) * 1000, data.locale) }) : '');
  $('stay').hidden = !leaveAt;
  if (leaveAt && wait <= 0) leave();
}

function leave() {
  leaveAt = 0;
  location.replace($('go').href);
}

const BEAT = 500;

function beat() {
  if (isFinal(state) && !leaveAt) return;
  if (document.hidden && leaveAt) leaveAt += BEAT;
  if (view && !code && !busy && stateOf(view, left()) !== state && !inner) {
    draw();
    chain.now();
  } else tick();
}

/* ---- talking to the bridge ---- */

/** @param {string} path @param {object} [body] @param {AbortSignal} [signal] */
async function call(path, body, signal) {
  /** @type {Record<string, string>} */
  const headers = { Accept: 'application/json', 'Accept-Language': data.locale };
  if (body) headers['Content-Type'] = 'application/json';
  else if (etag) headers['If-None-Match'] = etag;
  const response = await fetch(data.api + path, {
    method: body ? 'POST' : 'GET', body: body && JSON.stringify(body), headers, signal, credentials: 'omit', cache: 'no-store',
  });
  retryAfter = Math.min(60, Number(response.headers.get('Retry-After')) || 0) * 1000;
  const answer = response.status === 304 ? null : await response.json().catch(() => ({}));
  if (response.status === 404 || response.status === 410) code = answer?.code || String(response.status);
  if (response.ok && !body) etag = response.headers.get('ETag') ?? '';
  if (response.ok && answer?.status) take(answer);
  return { status: response.status, answer };
}

/** @param {View} next */
function take(next) {
  view = next;
  skew = skewOf(next.now, Date.now());
}

/** @param {AbortSignal} signal */
async function ask(signal) {
  try {
    const { status } = await call('', undefined, signal);
    failures = status >= 500 || status === 429 ? failures + 1 : 0;
  } catch {
    if (signal.reason === 'stopped') return false;
    failures += 1;
  }
  drawBanner();
  draw();
  return !isFinal(state);
}

const chain = pollChain(ask, () => nextDelay({ state, since: Date.now() - since, hidden: document.hidden, failures, retryAfter }));

/**
 * One thing the payer wants done, at most one at a time.
 * @param {'confirm' | 'cancel'} verb @param {object} body @param {string} unsent the text if it fails
 */
async function act(verb, body, unsent) {
  if (busy) return;
  chain.stop();
  busy = verb;
  errors = {};
  draw();
  const limit = new AbortController();
  const late = setTimeout(() => limit.abort(), 10_000);
  const { status, answer } = await call(`/${verb}`, body, limit.signal).catch(() => ({ status: 0, answer: null }));
  clearTimeout(late);
  busy = '';
  if (status !== 200 && status !== 202) complain(status, answer, unsent);
  draw();
  if (errors.wallet_username) $('wallet_username').focus();
  else if (errors.reason) $('reason').focus();
  else if (errors.form) $('alert').focus();
  /* A lost answer, or "already asked" in another tab: the server knows. */
  if (!isFinal(state)) chain[status === 0 || status === 409 ? 'now' : 'start']();
}

/** @param {number} status @param {any} problem @param {string} unsent */
function complain(status, problem, unsent) {
  if (view && typeof problem?.tries_left === 'number') view.tries_left = problem.tries_left;
  if (problem?.code === 'too_many_tries' && view) view.tries_left = 0;
  else if (problem?.code === 'wallet_username_refused') {
    const tries = view && view.tries_left <= 2 ? say('tries', { n: view.tries_left }) : '';
    errors.wallet_username = `${say('username.refused')} ${tries}`.trim();
  } else if (problem?.errors?.length) {
    for (const { pointer, detail } of problem.errors) {
      const field = String(pointer).slice(1);
      if (field === 'wallet_username') errors[field] = say('username.invalid');
      else errors[field === 'reason' ? field : 'form'] = detail;
    }
  } else if (status !== 409) errors.form = say(unsent);
}

/** Tells that the connection is gone, bad, or back. */
function drawBanner() {
  const banner = $('banner');
  const text = !navigator.onLine ? say('offline') : failures >= 3 ? say('trouble') : '';
  const back = !text && banner.dataset.down === 'true';
  if (!text && !back) return;
  banner.dataset.down = String(Boolean(text));
  show(banner, text || say('online'));
  announce(banner.textContent);
  clearTimeout(bannerTimer);
  if (back) bannerTimer = setTimeout(() => show(banner), 4000);
}

/* ---- the payer ---- */

/** @param {SubmitEvent} event */
function confirm(event) {
  event.preventDefault();
  if (busy || !view) return;
  const { fields } = view;
  const entries = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData($('form'))));
  const body = Object.fromEntries(fields.map((field) => [field, (entries[field] ?? '').trim()]));
  errors = {};
  if (fields.includes('wallet_username') && !/^\S+@\S+$/.test(body.wallet_username)) errors.wallet_username = say('username.invalid');
  if (fields.includes('reason') && !body.reason) errors.reason = say('reason.invalid');
  const wrong = Object.keys(errors)[0];
  if (!wrong) return act('confirm', body, 'notSent');
  draw();
  $(wrong).focus();
}

function stay() {
  leaveAt = 0;
  tick();
  $('heading').focus({ preventScroll: true });
}

function wake() {
  drawBanner();
  if (view && !code && !inner && !busy && !isFinal(state)) chain.wake();
}

function start() {
  document.documentElement.classList.toggle('framed', framed);
  document.documentElement.classList.toggle('inner', inner);
  document.documentElement.classList.add('up');
  if (!framed) $('checkout').setAttribute('role', 'main');
  if (view) {
    /* The page's data is as old as the page: count from the first byte, unless that cannot be right. */
    const [load] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType('navigation'));
    const age = performance.now() - (load?.responseStart ?? 0);
    skew = skewOf(view.now, Date.now() - (age > 0 && age < 30_000 ? age : 0));
  }
  $('form').addEventListener('submit', confirm);
  $('cancel').addEventListener('click', () => act('cancel', {}, 'notCanceled'));
  $('stay').addEventListener('click', stay);
  $('reload').addEventListener('click', () => location.reload());
  $('go').addEventListener('click', () => { leaveAt = 0; });
  for (const name of ['focus', 'online', 'offline']) window.addEventListener(name, wake);
  document.addEventListener('visibilitychange', () => document.hidden || wake());
  window.addEventListener('pagehide', () => { chain.stop(); leaveAt = 0; });
  window.addEventListener('pageshow', (event) => { if (event.persisted && view && !code) chain.now(); });
  draw();
  drawBanner();
  setInterval(beat, BEAT);
  if (view && !code && !inner && !isFinal(state)) chain.start();
}

start();
