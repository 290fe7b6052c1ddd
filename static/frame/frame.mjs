/**
 * The checkout page: shows one payment to its payer, asks for the wallet user name, follows the payment to its end.
 * What it shows is always the server's word; it keeps nothing in the browser and adds no history.
 */
import { reachHost } from './host.mjs';
import { clock, fill, inWords, isFinal, isOver, milestone, money, nextDelay, pollChain, stateOf, timeLeft, typed, webAddress } from './rules.mjs';

/** @param {string} id @returns {any} */
const $ = (id) => document.getElementById(id);
const root = $('checkout');
const heading = $('heading');
const page = document.documentElement;

/** @type {import('./view').Data} */
let { api, locale, origins, view, digits, code, texts } = JSON.parse($('checkout-data').textContent);
const merchant = $('merchant')?.textContent;

const framed = parent !== window;

/** A provider's page may bring the browser back inside the frame made for it: then the page around it shows the result. */
const inner = framed && (() => {
  try { return Boolean(parent.document.getElementById('checkout-data')); } catch { return false; }
})();

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
/** What is wrong with the connection, in words. */
let trouble = '';
/** Time left at the last look, and when this page first saw the payment wait. */
let seen = Infinity;
let span = 0;
/** A page inside holds up the load event of all around it, the shop's page too: a slow provider's has to come later. */
let loaded = false;
/** When the browser goes on by itself; 0 is never. */
let leaveAt = 0;
/** What is wrong, by field; `form`: with none of them. @type {Record<string, string>} */
let errors = {};

/** The first field that is wrong. */
const wrong = () => FIELDS.find((name) => errors[name]);

/** @param {number} amount @param {string} [currency] */
const price = (amount, currency = view.currency) => money(amount, currency, locale, digits[currency]);

/** @param {string} text @param {Record<string, any>} [more] */
const say = (text, more) => fill(text, { merchant, amount: view.status && price(view.amount), code, ...more });

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

/** Tells the shop's page, where there is one. @param {'state' | 'ready' | 'submit' | 'resize' | 'escape' | 'scrollintoview' | 'error'} type @param {object} [data] */
const tell = (type, data) => host?.post(`frame.${type}`, data);

/** The end, and the provider can change nothing any more. */
const settled = () => isFinal(state) && !/app|page/.test(view.advice);

/** What the shop's page may know. @param {string} [previous] */
const outline = (previous) => ({ state, previous, expiresAt: view.expires_at, reason: view.failure?.code ?? code });

/* ---- drawing ---- */

function draw() {
  const before = state;
  const left = timeLeft(view, Date.now() - asOf);
  state = !view.status || code ? 'gone' : inner ? 'checking' : stateOf({ ...view, asking: view.asking || busy === 'confirm' }, left);
  if (state !== before && state !== 'ready') errors = {};
  root.dataset.state = state;
  for (const part of root.querySelectorAll('[data-in]')) part.toggleAttribute('hidden', !part.dataset.in.split(' ').includes(state));
  const [title, body = ''] = texts.states[state];
  show('heading', say(title));
  show('body', story(say(body)));
  show('alert', errors.form);
  if (view.status) {
    show('amount', price(view.amount));
    show('refunded', view.amount_refunded && price(view.amount_refunded));
  }
  drawForm();
  drawPage();
  drawTime(left);
  drawLinks();
  if (state !== before) entered(before);
  measure();
}

let height = 0;

/** Hidden, we have no width, and some browsers break the lines for that. A pixel less is rounding; a pixel more would have us scroll. */
function measure() {
  const now = Math.ceil(root.getBoundingClientRect().height);
  if (!host || !innerWidth || now === height || now === height - 1) return;
  height = now;
  tell('resize', { height });
}

/** What became of the payment, in sentences. @param {string} body */
function story(body) {
  if (view.status === 'authorized') return say(texts.reserved);
  return isOver(state) ? `${view.failure?.message || body} ${say(texts.advice[view.advice] || '')}`.trim() : body;
}

function drawForm() {
  const sending = state === 'sending';
  for (const name of FIELDS) {
    const input = $(name);
    input.closest('.field').hidden = !view.fields?.includes(name) || (sending && !input.value);
    input.setAttribute('aria-invalid', Boolean(errors[name]));
    input.readOnly = sending;
    show(`${name}-error`, errors[name]);
  }
  const form = $('form');
  form.hidden ||= !form.querySelector('.field:not([hidden])');
  $('mark').hidden = state === 'card' || !form.hidden;
  $('send').setAttribute('aria-disabled', sending);
  $('cancel').setAttribute('aria-disabled', busy === 'cancel');
}

/** The provider's own page, where it may be framed. */
function drawPage() {
  const box = $('page');
  const url = state === 'card' && view.page?.embed && webAddress(view.page.url);
  if (!url) box.replaceChildren();
  else if (loaded && !box.firstChild) {
    const title = say(texts.card, { host: new URL(url).host });
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
  show('match', awaiting && view.matching_number);
  show('left', awaiting && left < Infinity && say(texts.left, { time: clock(left) }));
  if (awaiting) $('bar').style.inlineSize = `${(left / (span ||= left)) * 100}%`;
  const mark = awaiting && milestone(seen, left);
  if (mark) announce(say(texts.left, { time: inWords(mark, locale) }));
  seen = left;
  const wait = leaveAt - Date.now();
  show('auto', leaveAt && say(texts.auto, { time: inWords(wait, locale) }));
  $('stay').hidden = !leaveAt;
  if (leaveAt && wait <= 0) {
    leaveAt = 0;
    if (host) $('go').click();
    else location.replace($('go').href);
  }
}

function drawLinks() {
  const done = state === 'succeeded';
  link($('go'), done ? returnUrl || view.return_url : view.cancel_url ?? view.return_url);
  /* Out of the shop's page the way leads over our own page, which the shop's page knows. */
  link($('full'), view.page && (framed ? location.href : view.page.url));
  write($('go'), say(done ? texts.continue : texts.back));
  if (!view.page?.embed) $('full').classList.add('primary');
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
  anchor.onclick = null;
  anchor.click();
}

/** @param {string} before */
function entered(before) {
  since = Date.now();
  tell('state', outline(before));
  faultIfGone();
  document.title = `${heading.textContent} – ${merchant ?? ''}`.replace(/[\u2068\u2069]/g, '');
  if (settled()) chain.stop();
  if (before === 'loading') return;
  announce(heading.textContent);
  /* What had the focus may be gone. Nothing is taken from a shop's page in which the payer is typing. */
  if (document.hasFocus() && state !== 'sending') {
    heading.focus({ preventScroll: framed });
    tell('scrollintoview');
  }
  if (state === 'checking') chain.now();
  /* Only who saw the payment succeed is taken on: who comes back to this page wants to be here. */
  if (state === 'succeeded' && (framed ? returnUrl : webAddress(view.return_url))) {
    leaveAt = since + 5000;
    draw();
    announce(`${heading.textContent}. ${$('auto').textContent}`);
  }
}

/** Tells the shop's page what is wrong. @param {string} name @param {boolean} retryable */
const fault = (name, retryable) => tell('error', { code: name, message: trouble || heading.textContent, retryable });

const faultIfGone = () => state === 'gone' && fault('session_expired', false);

/** Tells that the connection is gone, bad, or back. */
function drawBanner() {
  const before = trouble;
  trouble = !navigator.onLine ? texts.offline : failures > 2 ? texts.trouble : '';
  if (trouble === before) return;
  const text = trouble || texts.online;
  show('banner', text);
  announce(text);
  if (trouble) fault(retryAfter ? 'rate_limited' : 'network', true);
  else setTimeout(() => trouble || show('banner'), 4000);
}

/* ---- talking to the bridge ---- */

/** @param {string} path @param {AbortSignal} signal @param {object} [body] */
async function call(path, signal, body) {
  const response = await fetch(api + path, {
    method: body ? 'POST' : 'GET', body: body && JSON.stringify(body), signal, credentials: 'omit',
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
  return !settled();
}, () => nextDelay({ state, since: Date.now() - since, hidden: document.hidden, failures, retryAfter }));

/** What the payer wants done, one thing at a time. @param {'confirm' | 'cancel'} verb @param {object} body */
async function act(verb, body) {
  if (busy) return;
  busy = verb;
  errors = {};
  if (verb === 'confirm') tell('submit', { method: view.method });
  chain.stop();
  draw();
  const { status, answer } = await call(`/${verb}`, AbortSignal.timeout(10_000), body).catch(() => ({ status: 0, answer: {} }));
  busy = '';
  if (status > 202 || !status) complain(status, answer, texts[verb]);
  draw();
  $(wrong() ?? 'alert').focus();
  /* A lost answer, or one given to another tab: the server knows. */
  if (!settled()) chain[status && status !== 409 ? 'start' : 'now']();
}

const cancel = () => act('cancel', {});

/** @param {number} status @param {any} problem @param {string} failed */
function complain(status, problem, failed) {
  if (status === 409) return;
  const { code: why, tries_left = view.tries_left, errors: found = [] } = problem;
  view.tries_left = why === 'too_many_tries' ? 0 : tries_left;
  for (const { pointer, detail } of found) errors[pointer.slice(1)] = detail;
  if (why === 'wallet_username_refused') errors.wallet_username = `${texts.refused} ${tries_left < 3 ? say(texts.tries, { n: tries_left }) : ''}`;
  else if (errors.wallet_username) errors.wallet_username = texts.wallet_username;
  if (why !== 'too_many_tries' && !wrong()) errors.form = failed;
}

/* ---- the shop's page ---- */

/** Wears the shop's look. @param {{theme?: string, dir?: string, appearance?: Record<string, unknown>}} look */
async function wear({ theme, dir, appearance }) {
  if (theme) page.dataset.theme = theme;
  if (dir === 'rtl' || dir === 'ltr') page.dir = dir;
  if (appearance) (await import('./look.mjs')).paint(appearance);
}

/** @param {import('./host.mjs').Host} channel @param {any} welcome */
async function welcomed(channel, welcome) {
  await wear(welcome).catch(() => {});
  host = channel;
  returnUrl = webAddress(welcome.returnUrl);
  draw();
  tell('ready', { ...outline(), height });
  faultIfGone();
}

/* ---- the payer ---- */

/** @param {SubmitEvent} event */
function submit(event) {
  event.preventDefault();
  if (state !== 'ready') return;
  const body = Object.fromEntries(view.fields.map((name) => [name, typed($(name).value)]));
  errors = {};
  for (const name in body) if (!(name === 'wallet_username' ? /^\S+@\S+$/ : /./).test(body[name])) errors[name] = texts[/** @type {'reason'} */ (name)];
  if (!wrong()) return act('confirm', body);
  draw();
  $(wrong() ?? '').focus();
}

function wake() {
  drawBanner();
  if (!inner && !busy && !document.hidden && !settled()) chain.wake();
}

/** What the shop's page may ask of us. */
const obey = {
  'host.update': wear,
  'host.focus': () => (FIELDS.map($).find((input) => input.offsetParent) ?? heading).focus(),
  'host.cancel': () => { $('cancel').hidden || cancel(); },
  'host.resume': wake,
  'host.bye': chain.stop,
};

function start() {
  page.className = `up ${inner ? 'inner' : framed ? '' : 'alone'}`;
  root.removeAttribute('aria-busy');
  if (!framed) root.role = 'main';
  for (const { code: id, amount } of view.currencies ?? []) $('currency').append(new Option(price(amount, id), id, false, id === view.currency));
  for (const { id, text } of view.reasons ?? []) $('reason').append(new Option(text, id));
  $('form').onsubmit = submit;
  $('cancel').onclick = cancel;
  $('reload').onclick = () => location.reload();
  $('stay').onclick = () => { leaveAt = 0; draw(); };
  $('go').onclick = $('full').onclick = leave;
  for (const name of ['focus', 'online', 'offline']) addEventListener(name, wake);
  document.addEventListener('visibilitychange', wake);
  addEventListener('pagehide', () => { leaveAt = 0; chain.stop(); });
  addEventListener('pageshow', ({ persisted }) => { if (persisted) wake(); });
  addEventListener('load', () => setTimeout(() => { loaded = true; draw(); }, BEAT / 2));
  setInterval(() => {
    if (document.hidden && leaveAt) leaveAt += BEAT;
    if (leaveAt || !isFinal(state)) draw();
  }, BEAT);
  draw();
  drawBanner();
  if (inner) return parent.postMessage(BACK, location.origin);
  if (!settled()) chain.start();
  if (!framed) return;
  new ResizeObserver(measure).observe(root);
  addEventListener('keydown', ({ key }) => { if (key === 'Escape') tell('escape'); });
  addEventListener('message', ({ origin, data }) => { if (origin === location.origin && data === BACK) wake(); });
  reachHost(origins, obey, welcomed);
}

start();
