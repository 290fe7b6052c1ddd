/**
 * The checkout page: shows one payment to its payer, asks for the wallet user name, follows the payment to its end.
 * What it shows is always the server's word; it keeps nothing in the browser and adds no history.
 */
import { reachHost } from './host.mjs';
import { clock, fill, inWords, isFinal, isOver, milestone, money, nextDelay, pollChain, stateOf, timeLeft, webAddress } from './rules.mjs';

/** @param {string} id @returns {any} */
const $ = (id) => document.getElementById(id);
const root = $('checkout');
const heading = $('heading');

/** @type {{api: string, locale: string, origins: string[], view: import('./view').View | null, code?: string}} */
let { api, locale, origins, view, code } = JSON.parse($('checkout-data').textContent);

const framed = parent !== window;

/** A provider's page may bring the browser back inside the frame made for it: then the page around it shows the result. */
const inner = framed && (() => {
  try { return Boolean(parent.document.getElementById('checkout-data')); } catch { return false; }
})();

/** What the shop's page may ask of us. */
const obey = {
  'host.update': wear,
  'host.focus': () => (FIELDS.map($).find((input) => input.checkVisibility?.() ?? input.offsetParent) ?? heading).focus(),
  'host.cancel': () => { if (!$('cancel').hidden) act('cancel', {}, 'notCanceled'); },
  'host.resume': () => wake(),
  'host.bye': () => chain.stop(),
};

/** The shop's page around us is greeted before anything else is waited for. @type {Promise<[import('./host.mjs').Host, any]>} */
const reached = new Promise((resolve) => {
  if (framed && !inner) reachHost(origins ?? [], obey, (channel, welcome) => resolve([channel, welcome]));
});

/** @type {Record<string, string>} */
const texts = (await import(`./i18n/${document.documentElement.lang}.mjs`).catch(() => import('./i18n/en.mjs'))).default;

/** The shop's page, once it has welcomed us. @type {import('./host.mjs').Host | undefined} */
let host;
/** Where the shop's page wants the payer to go after success. */
let returnUrl = '';

const FIELDS = ['currency', 'wallet_username', 'reason'];
const BEAT = 500;
/** What a page says that came back from the provider inside our own frame; only a reason to ask. */
const BACK = 'psp.return';

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

/** Tells the shop's page, where there is one. @param {string} type @param {object} [data] */
const tell = (type, data) => { host?.post(/** @type {any} */ (`frame.${type}`), data); };

/** What the shop's page may know. @param {string} [previous] */
const outline = (previous) => ({ state, previous, expiresAt: view?.expires_at ?? null, reason: view?.failure?.code ?? code ?? null });

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
  measure();
}

let height = 0;

/** Hidden, we have no height; and a pixel more or less is the browser's rounding. */
function measure() {
  const now = Math.ceil(root.getBoundingClientRect().height);
  if (!host || !now || Math.abs(now - height) < 2) return;
  height = now;
  tell('resize', { height });
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
    const frame = Object.assign(document.createElement('iframe'), { src: url, title, allow, referrerPolicy: 'origin' });
    const late = setTimeout(() => {
      $('full').classList.add('primary');
      fault('psp_unavailable', true);
    }, 15_000);
    frame.onload = () => clearTimeout(late);
    box.append(frame);
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
    if (host) $('go').click();
    else location.replace($('go').href);
  }
}

function drawLinks() {
  const done = state === 'succeeded';
  link($('go'), done ? returnUrl || view?.return_url : view?.cancel_url ?? view?.return_url);
  /* Out of the shop's page the way leads over our own page, which the shop's page knows. */
  link($('full'), view?.page && (framed ? location.href : view.page.url));
  write($('go'), say(done ? 'continue' : 'back'));
  if (!view?.page?.embed) $('full').classList.add('primary');
}

/** @param {any} anchor @param {string | null} [url] */
function link(anchor, url) {
  anchor.href = webAddress(url);
  anchor.hidden ||= !webAddress(url);
}

/** Asks the shop's page to leave for a link. Where nobody answers or minds, the link works by itself. @param {any} event */
async function leave(event) {
  const anchor = event.currentTarget;
  leaveAt = 0;
  if (!host) return;
  event.preventDefault();
  const answer = await host.ask('frame.navigate', { url: anchor.href, reason: anchor.id === 'full' ? 'provider_page' : 'return' });
  if (answer?.ok || answer?.code === 'vetoed') return;
  anchor.removeEventListener('click', leave);
  anchor.click();
}

/** @param {string} before */
function entered(before) {
  since = Date.now();
  tell('state', outline(before));
  if (state === 'gone') fault('session_expired', false);
  document.title = [heading.textContent, view?.merchant.name].filter(Boolean).join(' – ').replace(/[\u2068\u2069]/g, '');
  if (isFinal(state)) chain.stop();
  if (before === 'loading') return;
  announce(heading.textContent);
  /* What had the focus may be gone. Nothing is taken from a shop's page in which the payer is typing. */
  if (document.hasFocus() && state !== 'sending') {
    heading.focus({ preventScroll: framed });
    tell('scrollintoview');
  }
  if (state === 'checking') chain.now();
  /* Only who saw the payment succeed is taken on: who comes back to this page wants to be here. */
  if (state === 'succeeded' && (framed ? returnUrl : webAddress(view?.return_url))) {
    leaveAt = since + 5000;
    draw();
    announce(`${heading.textContent}. ${$('auto').textContent}`);
  }
}

/** Tells the shop's page what is wrong. @param {string} name @param {boolean} retryable */
const fault = (name, retryable) => tell('error', { code: name, message: $('banner').textContent || heading.textContent, retryable });

/** Tells that the connection is gone, bad, or back. */
function drawBanner() {
  const text = !navigator.onLine ? say('offline') : failures > 2 ? say('trouble') : '';
  const was = root.dataset.down;
  root.dataset.down = text;
  if (text === (was ?? '')) return;
  show('banner', text || say('online'));
  announce(text || say('online'));
  if (text) fault(retryAfter ? 'rate_limited' : 'network', true);
  else setTimeout(() => root.dataset.down || show('banner'), 4000);
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
  if (verb === 'confirm') tell('submit', { method: view?.method });
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

/* ---- the shop's page ---- */

/** Wears the shop's look. @param {{theme?: string, dir?: string, appearance?: Record<string, unknown>}} look */
async function wear({ theme, dir, appearance }) {
  const page = document.documentElement;
  if (theme) page.dataset.theme = theme;
  if (dir === 'rtl' || dir === 'ltr') page.dir = dir;
  if (appearance) (await import('./look.mjs')).paint(appearance);
}

/** @param {[import('./host.mjs').Host, any]} reached */
async function welcomed([channel, welcome]) {
  await wear(welcome).catch(() => {});
  host = channel;
  returnUrl = webAddress(welcome.returnUrl);
  draw();
  tell('ready', { ...outline(), height });
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
  $('stay').addEventListener('click', () => { leaveAt = 0; draw(); });
  for (const id of ['go', 'full']) $(id).addEventListener('click', leave);
  if (framed) addEventListener('keydown', ({ key }) => { if (key === 'Escape') tell('escape'); });
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
  if (inner) parent.postMessage(BACK, location.origin);
  else if (framed) {
    new ResizeObserver(measure).observe(root);
    addEventListener('message', ({ origin, data }) => { if (origin === location.origin && data === BACK) wake(); });
    reached.then(welcomed);
  }
}

start();
