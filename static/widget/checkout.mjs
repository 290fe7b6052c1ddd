/**
 * The checkout in a shop's page: `<bridge-checkout>`, `createCheckout()`, or a click on `data-bridge-checkout`.
 * A final event is a hint for the page: goods are delivered on the shop's notification, never on an event.
 */
import { NS, VERSION, isMessage, message, openChannel } from '../shared/protocol.js';

/**
 * @typedef {'inline' | 'overlay' | 'page'} Mode
 * @typedef {'auto' | 'light' | 'dark'} Theme
 * @typedef {'colorPrimary' | 'colorOnPrimary' | 'colorText' | 'colorBackground' | 'colorDanger' | 'colorSuccess' | 'fontFamily'
 *   | 'fontSizeBase' | 'borderRadius' | 'spacingUnit'} Token
 * @typedef {Partial<Record<Token, string>>} Appearance
 * @typedef {object} Options
 * @property {string | (() => string | Promise<string>)} checkout the token of the payment's checkout, `chk_…`, or what fetches it
 * @property {Mode} [mode] in place, over the page, or instead of it; `inline` by default
 * @property {string} [locale] such as `de`; by default the page's, then the browser's
 * @property {Theme} [theme] `auto` follows the payer's system
 * @property {'ltr' | 'rtl'} [dir] only where it is not the language's own
 * @property {Appearance} [appearance] ten tokens; what cannot be read falls back
 * @property {string} [returnUrl] where to go after success; without it the payer decides
 * @property {number} [timeoutMs] until an error is shown; 15000 by default
 *
 * @typedef {object} Outline what a page hears of the payment; nothing personal
 * @property {string} session the checkout's token
 * @property {string} state
 * @property {string} [previous]
 * @property {string | null} [expiresAt] RFC 3339
 * @property {string | null} [reason] a code, such as `expired`
 * @typedef {'frame_timeout' | 'frame_refused' | 'version_mismatch' | 'session_expired' | 'network' | 'rate_limited' | 'psp_unavailable'} Fault
 * @typedef {{ready: Outline, statechange: Outline, success: Outline, decline: Outline, cancel: Outline, expire: Outline, fail: Outline,
 *   pending: Outline, submit: {method: string}, error: {code: Fault, message: string, retryable: boolean}, resize: {height: number},
 *   navigate: {url: string, reason: string}, closerequest: {}, close: {}}} Events
 */

/** States that end in an event of their own; `waiting` may still turn. @type {Readonly<Record<string, keyof Events>>} */
export const FINAL = {
  succeeded: 'success', declined: 'decline', canceled: 'cancel', expired: 'expire', failed: 'fail',
};

/** Told again to whoever listens late. */
const STICKY = ['ready', 'statechange', 'pending', 'error', ...Object.values(FINAL)];

/** The tokens as attributes name them. */
const TOKENS = ['color-primary', 'color-on-primary', 'color-text', 'color-background', 'color-danger', 'color-success', 'font-family',
  'font-size-base', 'border-radius', 'spacing-unit'];

const TEXTS = {
  en: ['Checkout', 'Loading …', 'The payment form could not be loaded', 'Try again', 'Continue on the payment page', 'Close'],
  de: ['Bezahlen', 'Wird geladen …', 'Das Bezahlformular konnte nicht geladen werden', 'Noch einmal versuchen',
    'Auf der Bezahlseite fortfahren', 'Schließen'],
};

const STYLE = `:host{display:block;position:relative}
.note{display:none}
iframe{display:block;width:100%;min-height:420px;border:0;border-radius:12px;box-shadow:0 0 0 1px #8885}
.wait iframe{opacity:0}
.wait .note,.bad .note{position:absolute;inset:0;display:grid;place-content:center;justify-items:center;gap:12px;padding:24px;text-align:center}
.bad .note{position:static;min-height:240px}
div.bad{border:1px solid #8888;border-radius:12px}
p{margin:0 0 12px}
i{width:28px;height:28px;border:3px solid;border-inline-start-color:#0000;border-radius:50%;animation:t 1s linear infinite}
@keyframes t{to{transform:rotate(1turn)}}
button,a{min-width:44px;box-sizing:border-box;padding:10px 16px;border:1px solid;border-radius:8px;background:none;color:inherit;font:inherit;text-decoration:none;cursor:pointer}
:focus-visible{outline:3px solid;outline-offset:2px}
dialog{width:min(480px,100%);padding:0;border:0;outline:1px solid #0000;border-radius:16px;overscroll-behavior:contain}
dialog::backdrop{background:#000a}
header{position:sticky;top:0;z-index:1;display:flex;justify-content:space-between;align-items:center;padding-inline-start:24px;background:Canvas;font-weight:600}
header button{padding:0;border-color:#0000;font-size:28px}
header :focus-visible{outline-offset:-3px}
dialog iframe{border-radius:0;box-shadow:none}
@media(prefers-reduced-motion:reduce){i{animation-duration:4s}}`;

const ORIGIN = new URL(import.meta.url).origin;
let count = 0;

/** @param {string | null | undefined} url @returns {string} absolute, or nothing */
const webAddress = (url) => {
  try {
    const { href, protocol } = new URL(url ?? '', document.baseURI);
    return url && /^https?:$/.test(protocol) ? href : '';
  } catch { return ''; }
};

/** @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {object} [properties] @returns {HTMLElementTagNameMap[T]} */
const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

/** One checkout in a page. Every method may be called in every phase. */
class Checkout extends EventTarget {
  /** @param {Options} options */
  constructor(options) {
    super();
    this.options = options;
    /** @type {Map<string, object>} */ this.told = new Map();
    this.state = 'loading';
    this.token = '';
    /** @type {ReturnType<typeof setTimeout> | undefined} */ this.timer = undefined;
  }

  /**
   * Listens; what was already told is told at once. @template {keyof Events} K
   * @param {K} type @param {(event: CustomEvent<Events[K]>) => void} listener @returns {() => void} stops listening
   */
  on(type, listener) {
    const hear = /** @type {EventListener} */ (listener);
    this.addEventListener(type, hear);
    const detail = this.told.get(type);
    if (detail) queueMicrotask(() => hear(new CustomEvent(type, { detail })));
    return () => this.removeEventListener(type, hear);
  }

  /** @param {keyof Events} type @param {object} [detail] @returns {boolean} whether nobody minded @private */
  emit(type, detail = {}) {
    if (STICKY.includes(type)) this.told.set(type, detail);
    const fair = this.dispatchEvent(new CustomEvent(type, { detail, cancelable: true }));
    const { host } = this;
    return (host?.localName !== 'bridge-checkout' || host.dispatchEvent(new CustomEvent(`cc-${type}`, { detail, bubbles: true, cancelable: true })))
      && fair;
  }

  /**
   * Shows the checkout in an element, or over the page; a mounted one is moved.
   * Rejects where the selector finds nothing.
   * @param {string | Element} [target] an element or a selector; not needed for `overlay` and `page` @returns {Promise<this>}
   */
  async mount(target = document.body) {
    const place = /** @type {Element} */ (typeof target === 'string' ? document.querySelector(target) : target);
    this.unmount();
    const running = this.running = new AbortController();
    const { checkout, mode } = this.options;
    try {
      this.token = String(await (typeof checkout === 'function' ? checkout() : checkout));
    } catch { this.token = ''; }
    if (running.signal.aborted) return this;
    this.place(place, mode);
    if (!/^chk_[\w-]{1,200}$/.test(this.token)) this.fail('session_expired', false);
    else if (mode === 'page') location.assign(this.url());
    else this.load();
    return this;
  }

  /** The hosted page of this checkout. */
  url() {
    const { locale } = this.options;
    const language = locale && locale !== 'auto' ? locale : document.documentElement.lang;
    return `${ORIGIN}/checkout/${this.token}${language ? `?locale=${encodeURIComponent(language)}` : ''}`;
  }

  /** @private */
  texts() {
    const { locale } = this.options;
    return TEXTS[/^de/i.test((locale !== 'auto' && locale) || document.documentElement.lang || navigator.language) ? 'de' : 'en'];
  }

  /** @param {Element} place @param {Mode} [mode] @private */
  place(place, mode) {
    const { signal } = /** @type {AbortController} */ (this.running);
    const host = this.host = place.localName === 'bridge-checkout' ? /** @type {HTMLElement} */ (place) : make('div');
    const shadow = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    shadow.adoptedStyleSheets = [sheet];
    const box = this.box = make(mode === 'overlay' ? 'dialog' : 'div');
    const note = this.note = make('div', { className: 'note' });
    box.append(note);
    shadow.replaceChildren(box);
    this.look();
    if (host !== place) place.append(host);
    addEventListener('message', (event) => this.hear(event), { signal });
    /* A message to a page that was just put aside (back/forward cache) would have Firefox throw both away. */
    const resume = () => { document.hidden || this.channel?.post('host.resume'); };
    for (const type of ['pageshow', 'online', 'focus', 'visibilitychange']) addEventListener(type, resume, { signal });
    if (box instanceof HTMLDialogElement) this.open(box, signal);
  }

  /** @param {HTMLDialogElement} dialog @param {AbortSignal} signal @private */
  open(dialog, signal) {
    const [title, , , , , close] = this.texts();
    const header = make('header', { textContent: title });
    header.append(make('button', { textContent: '×', ariaLabel: close, onclick: () => this.askToClose() }));
    dialog.prepend(header);
    dialog.ariaLabel = title;
    /* A browser lets a page mind once, then closes: so Escape is taken before it counts, and who closes all the same has closed. */
    dialog.oncancel = dialog.onkeydown = (/** @type {any} */ event) => {
      if ((event.key ?? 'Escape') !== 'Escape') return;
      event.preventDefault();
      this.askToClose();
    };
    dialog.onclose = () => signal.aborted || this.askToClose(true);
    const { style } = document.documentElement;
    const { overflow } = style;
    style.overflow = 'hidden';
    signal.addEventListener('abort', () => {
      style.overflow = overflow;
      dialog.close();
    });
    dialog.showModal();
  }

  /** Closes unless the page minds; the payment goes on without a window. @private */
  askToClose(insists = false) {
    if (this.options.mode !== 'overlay' || !this.emit('closerequest') && !insists) return;
    this.unmount();
    this.emit('close');
  }

  /** @param {number} [attempt] @private */
  load(attempt = 0) {
    const [title, loading] = this.texts();
    this.drop();
    this.state = 'loading';
    const frame = this.frame = make('iframe', {
      title, name: `bridge-checkout-${++count}`, referrerPolicy: 'origin', allow: "payment *; publickey-credentials-get *; unload 'none'",
    });
    if (globalThis.crossOriginIsolated) frame.setAttribute('credentialless', '');
    frame.src = this.url();
    this.say('wait', loading, make('i'));
    this.box?.append(frame);
    const half = (this.options.timeoutMs ?? 15_000) / 2;
    let came = false;
    /* Who has said hello gets twice the time. */
    const giveUp = (patient = true) => {
      if (this.frame !== frame || this.state !== 'loading') return;
      if (this.channel && patient) this.timer = setTimeout(giveUp, half * 2, false);
      else if (attempt) this.fail(!navigator.onLine ? 'network' : came ? 'frame_refused' : 'frame_timeout', true);
      else this.load(1);
    };
    this.timer = setTimeout(giveUp, half);
    /* A page that was refused, or could not be reached, comes too: only a page of ours says hello. */
    frame.onload = () => {
      came = true;
      if (this.frame !== frame || this.channel) return;
      clearTimeout(this.timer);
      this.timer = setTimeout(giveUp, Math.min(half, 3000));
    };
  }

  /** @param {string} mood @param {string} text @param {...Node} parts @private */
  say(mood, text, ...parts) {
    if (!this.box || !this.note) return;
    this.box.className = mood;
    this.note.replaceChildren(...parts, make('p', { role: 'status', textContent: text }));
  }

  /** Shows what is wrong, and the ways on. @param {Fault} code @param {boolean} retryable @private */
  fail(code, retryable) {
    const [, , message, again, onward] = this.texts();
    this.drop();
    this.say('bad', message);
    if (retryable) {
      this.note?.append(make('button', { textContent: again, onclick: () => this.load() }));
    }
    /* What the page has put inside the element is its own way on. */
    const slot = make('slot');
    if (this.token) slot.append(make('a', { href: this.url(), target: '_top', textContent: onward }));
    this.note?.append(slot);
    this.emit('error', { code, message, retryable });
  }

  /** @param {MessageEvent} event @private */
  hear({ origin, source, data }) {
    if (origin !== ORIGIN || !source || source !== this.frame?.contentWindow || data?.ns !== NS || data.type !== 'frame.hello') return;
    const { nonce, versions } = data.data ?? {};
    if (!Array.isArray(versions) || !versions.includes(VERSION)) return this.fail('version_mismatch', false);
    /* A slow page finds several hellos waiting: the first welcome is the one that the frame takes, so its port must stay open. */
    if (!isMessage(data) || typeof nonce !== 'string' || nonce === this.nonce) return;
    /** @type {string | undefined} */ this.nonce = nonce;
    const { port1, port2 } = new MessageChannel();
    this.channel?.close();
    /** @type {{post: (type: any, data?: object) => string, close: () => void} | undefined} */
    this.channel = openChannel(port1, this.handlers());
    const { mode = 'inline', returnUrl } = this.options;
    const welcome = message(0, 'host.welcome', { mode, ...this.look(), returnUrl: webAddress(returnUrl) }, nonce);
    this.frame.contentWindow?.postMessage(welcome, ORIGIN, [port2]);
  }

  /**
   * What the frame shall wear. The box around it is of the same scheme: else browsers put a ground of their own between the two.
   * @returns {{theme: string, dir?: string, appearance?: Record<string, string>}} @private
   */
  look() {
    const { theme = 'auto', dir, appearance } = this.options;
    if (this.box) this.box.style.colorScheme = { light: 'light', dark: 'dark' }[/** @type {string} */ (theme)] ?? 'light dark';
    const entries = Object.entries(appearance ?? {}).slice(0, 10).map(([token, value]) => [token, `${value}`.slice(0, 200)]);
    return { theme, dir, appearance: appearance && Object.fromEntries(entries) };
  }

  /** What the frame may ask of the page. @returns {Record<string, (data: any) => any>} @private */
  handlers() {
    const { frame } = this;
    /** @param {any} data @returns {Outline} */
    const outline = ({ state, previous, expiresAt, reason }) => ({ session: this.token, state: `${state}`, previous, expiresAt, reason });
    /** @param {any} data */
    const follow = (data) => {
      const detail = outline(data);
      const state = this.state = detail.state;
      this.emit('statechange', detail);
      if (state === 'waiting') this.emit('pending', detail);
      else if (Object.hasOwn(FINAL, state)) this.emit(FINAL[state], detail);
    };
    return {
      'frame.ready': (data) => {
        this.say('', '');
        this.emit('ready', outline(data));
        follow(data);
      },
      'frame.state': follow,
      'frame.submit': ({ method }) => { this.emit('submit', { method: `${method}` }); },
      'frame.resize': ({ height }) => {
        if (!frame || !(height > 0)) return;
        const fit = Math.min(2400, Math.max(120, Math.ceil(height)));
        frame.style.height = frame.style.minHeight = `${fit}px`;
        this.emit('resize', { height: fit });
      },
      'frame.escape': () => this.askToClose(),
      'frame.scrollintoview': () => frame?.scrollIntoView({ block: 'nearest' }),
      'frame.error': ({ code, message, retryable }) => { this.emit('error', { code, message: `${message}`, retryable: !!retryable }); },
      'frame.navigate': ({ url, reason }) => {
        const to = webAddress(url);
        const own = webAddress(this.options.returnUrl);
        if (!to || (own && ![own, ORIGIN].some((url) => new URL(url).origin === new URL(to).origin))) return { ok: false, code: 'refused' };
        if (!this.emit('navigate', { url: to, reason: `${reason}` })) return { ok: false, code: 'vetoed' };
        setTimeout(() => location.assign(to));
        return { ok: true };
      },
    };
  }

  /** Changes how it looks; another locale loads the page anew. @param {Pick<Options, 'locale' | 'theme' | 'appearance' | 'dir' | 'returnUrl'>} changes */
  update(changes) {
    const before = this.url();
    Object.assign(this.options, changes);
    if (this.frame && this.url() !== before) this.load();
    else this.channel?.post('host.update', this.look());
  }

  /** Puts the focus into the form where the browser allows it. */
  focus() {
    this.frame?.focus();
    this.channel?.post('host.focus');
  }

  /** Asks to cancel the payment; the outcome comes as an event. */
  cancel() { this.channel?.post('host.cancel'); }

  /** Loads the page anew; the payment goes on. */
  reload() { if (this.frame) this.load(); }

  /** Takes the checkout out of the page; `mount` brings it back. */
  unmount() {
    this.channel?.post('host.bye');
    this.running?.abort();
    this.drop();
    const { host } = this;
    if (host?.localName === 'bridge-checkout') host.shadowRoot?.replaceChildren(make('slot'));
    else host?.remove();
    this.box = this.note = undefined;
  }

  /** @private */
  drop() {
    clearTimeout(this.timer);
    this.channel?.close();
    this.frame?.remove();
    this.channel = this.frame = undefined;
  }

  /** Ends it for good; silent, and harmless when done twice. */
  destroy() {
    this.unmount();
    this.told.clear();
  }
}

/**
 * Makes a checkout; `await (checkout.mount('#pay'))` shows it. On a server it may be made, not mounted.
 * @param {Options} options @returns {Checkout}
 */
export const createCheckout = (options) => new Checkout({ ...options });

/** @param {HTMLElement} element @returns {Options} */
const optionsOf = (element) => {
  const said = (/** @type {string} */ name) => element.getAttribute(name) ?? undefined;
  const tokens = TOKENS.filter((name) => element.hasAttribute(`appearance-${name}`));
  const token = (/** @type {string} */ name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
  return {
    checkout: said('checkout') ?? '',
    mode: /** @type {Mode} */ (said('mode')),
    locale: said('locale'),
    theme: /** @type {Theme} */ (said('theme')),
    dir: /** @type {any} */ (said('dir')),
    returnUrl: said('return-url'),
    timeoutMs: Number(said('timeout-ms')) || undefined,
    appearance: tokens.length ? Object.fromEntries(tokens.map((name) => [token(name), said(`appearance-${name}`)])) : undefined,
  };
};

/** `<bridge-checkout checkout="chk_…">`; what stands inside is seen where the checkout cannot be. */
class CheckoutElement extends (globalThis.HTMLElement ?? Object) {
  static observedAttributes = ['checkout', 'mode', 'locale', 'theme', 'dir', 'return-url', ...TOKENS.map((token) => `appearance-${token}`)];

  /** @type {Checkout | undefined} */ checkout;

  /* Frameworks take elements out and put them back in one breath: what counts is where the element is afterwards. */
  connectedCallback() { queueMicrotask(() => this.settle()); }

  disconnectedCallback() {
    queueMicrotask(() => this.settle());
  }

  /** Moved with `moveBefore`, a frame keeps running. */
  connectedMoveCallback() {}

  settle() {
    if (!this.isConnected) {
      this.checkout?.destroy();
      this.checkout = undefined;
    } else if (!this.checkout && this.getAttribute('checkout')) {
      this.checkout = createCheckout(optionsOf(this));
      this.checkout.mount(this);
    }
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    if (!this.checkout) return void (this.isConnected && this.connectedCallback());
    if (name !== 'checkout' && name !== 'mode') return this.checkout.update(optionsOf(this));
    this.checkout.destroy();
    this.checkout = undefined;
    this.connectedCallback();
  }
}

/* The first version in a page stays; a second script tag changes nothing. */
if (globalThis.customElements && !customElements.get('bridge-checkout')) {
  customElements.define('bridge-checkout', CheckoutElement);
  document.addEventListener('click', (event) => {
    const trigger = event.target instanceof Element && event.target.closest('[data-bridge-checkout]');
    if (!trigger) return;
    event.preventDefault();
    const element = document.createElement('bridge-checkout');
    element.setAttribute('mode', 'overlay');
    for (const { name, value } of trigger.attributes) if (name.startsWith('data-bridge-')) element.setAttribute(name.slice(12), value);
    element.addEventListener('cc-close', () => element.remove());
    document.body.append(element);
  });
}
