/**
 * The checkout page: shows one payment to its payer, asks for the wallet user name, follows the payment to its end.
 * What it shows is always the server's word; it keeps nothing in the browser and adds no history.
 */
import { clock, fill, inWords, isFinal, isOver, milestone, money, nextDelay, pollChain, stateOf, timeLeft, webAddress } from './rules.mjs';

/** @param {string} id @returns {any} */
const $ = (id) => document.getElementById(id);
const root = $('checkout');
const heading = $('heading');

/** @type {{api: string, locale: string, view: import('./view').View | null, code?: string}} */
let { api, locale, view, code } = JSON.parse($('checkout-data').textContent);

/** @type {Record<string, string>} */
const texts = (await import(`./i18n/${document.documentElement.lang}.mjs`).catch(() => import('./i18n/en.mjs'))).default;

const framed = parent !== window;

/** A provider's page may bring the browser back inside the frame made for it: then the page around it shows the result. */
const inner = framed && (() => {
  try { return Boolean(parent.document.getElementById('checkout-data')); } catch { return false; }
})();

const FIELDS = ['currency', 'wallet_username', 'reason'];
const BEAT = 500;

let state = 'loading';
let since = 0;
/** What the payer asked for and the server has not answered: 'confirm', 'cancel' or nothing. */
let busy = '';
let etag = '';
/** When the view was true, on our clock: only its age counts, so a wrong clock does no harm. */
let asOf = Date.now();
let failures = 0;
let retryAfter = 0;
/** Time left at the last look, and when this page first saw the payment wait. */
let seen = Infinity;
let span = 0;
/** When the browser goes on by itself; 0 is never. */
let leaveAt = 0;
/** @type {Record<string, string>} */
let errors = {};

/** @param {number} amount @param {string} [currency] */
const price = (amount, currency = view?.currency) => money(amount, currency ?? '', locale);

/** @param {string} key @param {Record<string, any>} [more] */
const say = (key, more) => fill(texts[key] ?? '', { merchant: view?.merchant.name, amount: view && price(view.amount), code, ...more });

/** Writes only what changed, so that nothing flickers or is read twice. @param {any} element @param {string} text */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows a text; without one, hides its row. @param {string} id @param {string | 0 | false | null} [text] */
function show(id, text) {
  write($(id), text || '');
  ($(id).closest('[data-row]') ?? $(id)).hidden = !text;
}

/** Tells a screen reader. @param {string} text */
const announce = (text) => write($('live'), text);

/* ---- drawing ---- */

function draw() {
  const before = state;
  const left = view ? timeLeft(view, Date.now() - asOf) : Infinity;
  state = !view || code ? 'gone' : inner ? 'checking' : stateOf({ ...view, asking: view.asking || busy === 'confirm' }, left);
  if (state !== before && state !== 'ready') errors = {};
  root.dataset.state = state;
  for (const part of root.querySelectorAll('[data-in]')) part.toggleAttribute('hidden', !part.dataset.in.split(' ').includes(state));
  for (const part of root.querySelectorAll('[data-t]')) write(part, say(part.dataset.t));
  show('heading', say(`${state}.heading`));
  show('body', story());
  show('alert', errors.form);
  drawSummary();
  drawForm();
  drawPage();
  drawTime(left);
  drawLinks();
  if (state !== before) entered(before);
}

/** What became of the payment, in sentences. */
function story() {
  if (view?.status === 'authorized') return say('reserved.body');
  if (!isOver(state)) return say(`${state}.body`);
  return `${view?.failure?.message || say(`${state}.body`)} ${say('untouched')}\n\n${say('again')}`.trim();
}

function drawSummary() {
  show('merchant', view?.merchant.name);
  if (!view) return;
  const { amount, amount_refunded, description, merchant, order_reference } = view;
  show('initial', [...merchant.name][0]);
  show('amount', price(amount));
  show('order', order_reference);
  show('purpose', description?.includes(order_reference) ? '' : description);
  show('refunded', amount_refunded && price(amount_refunded));
}

function drawForm() {
  const sending = state === 'sending';
  for (const name of FIELDS) {
    const input = $(name);
    input.closest('.field').hidden = !view?.fields.includes(name) || (sending && !input.value);
    input.setAttribute('aria-invalid', Boolean(errors[name]));
    input.readOnly = sending;
    show(`${name}-error`, errors[name]);
  }
  if (sending && FIELDS.every((name) => !$(name).value)) $('form').hidden = true;
  $('mark').hidden = state === 'card' || !$('form').hidden;
  $('send').setAttribute('aria-disabled', sending);
  $('cancel').setAttribute('aria-disabled', busy === 'cancel');
}

/** The provider's own page, where it may be framed. */
function drawPage() {
  const box = $('page');
  const url = state === 'card' && view?.page?.embed && webAddress(view.page.url);
  if (!url) box.replaceChildren();
  else if (!box.firstChild) {
    const title = say('card.title', { host: new URL(url).host });
    const allow = 'payment *; publickey-credentials-get *';
    box.append(Object.assign(document.createElement('iframe'), { src: url, title, allow, referrerPolicy: 'origin' }));
  }
}

/** @param {number} left */
function drawTime(left) {
  const awaiting = state === 'awaiting';
  show('match', awaiting && view?.matching_number);
  show('left', awaiting && left < Infinity && say('left', { time: clock(left) }));
  if (awaiting) $('bar').style.inlineSize = `${(left / (span ||= left)) * 100}%`;
  const mark = awaiting && milestone(seen, left);
  if (mark) announce(say('left', { time: inWords(mark, locale) }));
  seen = left;
  const wait = leaveAt - Date.now();
  show('auto', leaveAt && say('auto', { time: inWords(wait, locale) }));
  $('stay').hidden = !leaveAt;
  if (leaveAt && wait <= 0) {
    leaveAt = 0;
    location.replace($('go').href);
  }
}

function drawLinks() {
  const done = state === 'succeeded';
  link($('go'), done ? view?.return_url : view?.cancel_url ?? view?.return_url);
  link($('full'), view?.page?.url);
  write($('go'), say(done ? 'continue' : 'back'));
  $('full').classList.toggle('primary', !view?.page?.embed);
}

/** @param {any} anchor @param {string | null} [url] */
function link(anchor, url) {
  anchor.href = webAddress(url);
  anchor.hidden ||= !webAddress(url);
}

/** @param {string} before */
function entered(before) {
  since = Date.now();
  document.title = [heading.textContent, view?.merchant.name].filter(Boolean).join(' – ').replace(/[\u2068\u2069]/g, '');
  if (isFinal(state)) chain.stop();
  if (before === 'loading') return;
  announce(heading.textContent);
  /* What had the focus may be gone. Nothing is taken from a shop's page in which the payer is typing. */
  if (document.hasFocus() && state !== 'sending') heading.focus({ preventScroll: framed });
  if (state === 'checking') chain.now();
  /* Only who saw the payment succeed is taken on: who comes back to this page wants to be here. */
  if (state === 'succeeded' && !framed && webAddress(view?.return_url)) {
    leaveAt = since + 5000;
    draw();
    announce(`${heading.textContent}. ${$('auto').textContent}`);
  }
}

/** Tells that the connection is gone, bad, or back. */
function drawBanner() {
  const text = !navigator.onLine ? say('offline') : failures > 2 ? say('trouble') : '';
  const was = root.dataset.down;
  root.dataset.down = text;
  if (text === (was ?? '')) return;
  show('banner', text || say('online'));
  announce(text || say('online'));
  if (!text) setTimeout(() => root.dataset.down || show('banner'), 4000);
}

/* ---- talking to the bridge ---- */

/** @param {string} path @param {AbortSignal} signal @param {object} [body] */
async function call(path, signal, body) {
  const response = await fetch(api + path, {
    method: body ? 'POST' : 'GET', body: body && JSON.stringify(body), signal, credentials: 'omit', cache: 'no-store',
    headers: { 'Accept-Language': locale, ...(body ? { 'Content-Type': 'application/json' } : etag && { 'If-None-Match': etag }) },
  });
  const { status, ok, headers } = response;
  const answer = status === 304 ? {} : await response.json().catch(() => ({}));
  retryAfter = Math.min(60, Number(headers.get('Retry-After')) || 0) * 1000;
  if (status === 404 || status === 410) code = answer.code ?? status;
  if (ok && answer.status) {
    view = answer;
    asOf = Date.now();
    if (!body) etag = headers.get('ETag') ?? '';
  }
  return { status, answer };
}

const chain = pollChain(async (signal) => {
  try {
    const { status } = await call('', signal);
    failures = status >= 500 || status === 429 ? failures + 1 : 0;
  } catch {
    if (signal.reason === 'stopped') return false;
    failures += 1;
  }
  drawBanner();
  draw();
  return !isFinal(state);
}, () => nextDelay({ state, since: Date.now() - since, hidden: document.hidden, failures, retryAfter }));

/** What the payer wants done, one thing at a time. @param {'confirm' | 'cancel'} verb @param {object} body @param {string} failed */
async function act(verb, body, failed) {
  if (busy) return;
  busy = verb;
  errors = {};
  chain.stop();
  draw();
  const { status, answer } = await call(`/${verb}`, AbortSignal.timeout(10_000), body).catch(() => ({ status: 0, answer: {} }));
  busy = '';
  if (status > 202 || !status) complain(status, answer, failed);
  draw();
  $(FIELDS.find((name) => errors[name]) ?? 'alert').focus();
  /* A lost answer, or one given to another tab: the server knows. */
  if (!isFinal(state)) chain[status && status !== 409 ? 'start' : 'now']();
}

/** @param {number} status @param {any} problem @param {string} failed */
function complain(status, problem, failed) {
  if (!view || status === 409) return;
  view.tries_left = problem.code === 'too_many_tries' ? 0 : problem.tries_left ?? view.tries_left;
  if (problem.code === 'wallet_username_refused') {
    errors.wallet_username = `${say('username.refused')} ${view.tries_left < 3 ? say('tries', { n: view.tries_left }) : ''}`;
  } else if (problem.code !== 'too_many_tries') {
    for (const { pointer, detail } of problem.errors ?? []) errors[pointer.slice(1)] = detail;
    if (errors.wallet_username) errors.wallet_username = say('username.invalid');
    if (!FIELDS.some((name) => errors[name])) errors.form = say(failed);
  }
}

/* ---- the payer ---- */

/** @param {SubmitEvent} event */
function submit(event) {
  event.preventDefault();
  if (state !== 'ready' || !view) return;
  const body = Object.fromEntries(view.fields.map((name) => [name, $(name).value.trim()]));
  errors = {};
  if ('wallet_username' in body && !/^\S+@\S+$/.test(body.wallet_username)) errors.wallet_username = say('username.invalid');
  if (body.reason === '') errors.reason = say('reason.invalid');
  const wrong = FIELDS.find((name) => errors[name]);
  if (!wrong) return act('confirm', body, 'notSent');
  draw();
  $(wrong).focus();
}

function wake() {
  drawBanner();
  if (!inner && !busy && !isFinal(state)) chain.wake();
}

function start() {
  document.documentElement.classList.add('up', framed ? 'framed' : 'alone', inner ? 'inner' : 'outer');
  root.removeAttribute('aria-busy');
  if (!framed) root.setAttribute('role', 'main');
  for (const { code: id, amount } of view?.currencies ?? []) $('currency').append(new Option(price(amount, id), id, false, id === view?.currency));
  for (const { id, text } of view?.reasons ?? []) $('reason').append(new Option(text, id));
  $('form').addEventListener('submit', submit);
  $('cancel').addEventListener('click', () => act('cancel', {}, 'notCanceled'));
  $('reload').addEventListener('click', () => location.reload());
  for (const id of ['stay', 'go']) $(id).addEventListener('click', () => { leaveAt = 0; draw(); });
  for (const name of ['focus', 'online', 'offline']) addEventListener(name, wake);
  document.addEventListener('visibilitychange', () => document.hidden || wake());
  addEventListener('pagehide', () => { leaveAt = 0; chain.stop(); });
  addEventListener('pageshow', ({ persisted }) => { if (persisted && view && !inner) chain.now(); });
  setInterval(() => {
    if (document.hidden && leaveAt) leaveAt += BEAT;
    if (leaveAt || !isFinal(state)) draw();
  }, BEAT);
  draw();
  drawBanner();
  if (!inner && !isFinal(state)) chain.start();
}

start();
