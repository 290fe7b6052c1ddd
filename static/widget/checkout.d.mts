export type Mode = 'inline' | 'overlay' | 'page';
export type Theme = 'auto' | 'light' | 'dark';
export type Token = 'colorPrimary' | 'colorOnPrimary' | 'colorText' | 'colorBackground' | 'colorDanger' | 'colorSuccess' | 'fontFamily' | 'fontSizeBase' | 'borderRadius' | 'spacingUnit';
export type Appearance = Partial<Record<Token, string>>;
export type Options = {
    /**
     * the token of the payment's checkout, `chk_…`, or what fetches it
     */
    checkout: string | (() => string | Promise<string>);
    /**
     * in place, over the page, or instead of it; `inline` by default
     */
    mode?: Mode;
    /**
     * such as `de`; by default the page's, then the browser's
     */
    locale?: string;
    /**
     * `auto` follows the payer's system
     */
    theme?: Theme;
    /**
     * only where it is not the language's own
     */
    dir?: 'ltr' | 'rtl';
    /**
     * ten tokens; what cannot be read falls back
     */
    appearance?: Appearance;
    /**
     * where to go after success; without it the payer decides
     */
    returnUrl?: string;
    /**
     * until an error is shown; 15000 by default
     */
    timeoutMs?: number;
};
export type Outline = {
    /**
     * the checkout's token
     */
    session: string;
    state: string;
    previous?: string;
    /**
     * RFC 3339
     */
    expiresAt?: string | null;
    /**
     * a code, such as `expired`
     */
    reason?: string | null;
};
export type Fault = 'frame_timeout' | 'frame_refused' | 'version_mismatch' | 'session_expired' | 'network' | 'rate_limited' | 'psp_unavailable';
export type Events = {
    ready: Outline;
    statechange: Outline;
    success: Outline;
    decline: Outline;
    cancel: Outline;
    expire: Outline;
    fail: Outline;
    pending: Outline;
    submit: {
        method: string;
    };
    error: {
        code: Fault;
        message: string;
        retryable: boolean;
    };
    resize: {
        height: number;
    };
    navigate: {
        url: string;
        reason: string;
    };
    closerequest: {};
    close: {};
};
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
export declare const FINAL: Readonly<Record<string, keyof Events>>;
/** One checkout in a page. Every method may be called in every phase. */
declare class Checkout extends EventTarget {
    options: Options;
    /** @type {Map<string, object>} */ told: Map<string, object>;
    state: string;
    token: string;
    /** @type {ReturnType<typeof setTimeout> | undefined} */ timer: ReturnType<typeof setTimeout> | undefined;
    running: AbortController | undefined;
    host: HTMLElement | undefined;
    box: HTMLDialogElement | HTMLDivElement | undefined;
    note: HTMLDivElement | undefined;
    frame: HTMLIFrameElement | undefined;
    /** @type {string | undefined} */ nonce: string | undefined;
    /** @type {{post: (type: any, data?: object) => string, close: () => void} | undefined} */
    channel: {
        post: (type: any, data?: object) => string;
        close: () => void;
    } | undefined;
    /** @param {Options} options */
    constructor(options: Options);
    /**
     * Listens; what was already told is told at once. @template {keyof Events} K
     * @param {K} type @param {(event: CustomEvent<Events[K]>) => void} listener @returns {() => void} stops listening
     */
    on<K extends keyof Events>(type: K, listener: (event: CustomEvent<Events[K]>) => void): () => void;
    /** @param {keyof Events} type @param {object} [detail] @returns {boolean} whether nobody minded @private */
    private emit;
    /**
     * Shows the checkout in an element, or over the page; a mounted one is moved.
     * Rejects where the selector finds nothing.
     * @param {string | Element} [target] an element or a selector; not needed for `overlay` and `page` @returns {Promise<this>}
     */
    mount(target?: string | Element): Promise<this>;
    /** The hosted page of this checkout. */
    url(): string;
    /** @private */
    private texts;
    /** @param {Element} place @param {Mode} [mode] @private */
    private place;
    /** @param {HTMLDialogElement} dialog @param {AbortSignal} signal @private */
    private open;
    /** Closes unless the page minds; the payment goes on without a window. @private */
    private askToClose;
    /** @param {number} [attempt] @private */
    private load;
    /** @param {string} mood @param {string} text @param {...Node} parts @private */
    private say;
    /** Shows what is wrong, and the ways on. @param {Fault} code @param {boolean} retryable @private */
    private fail;
    /** @param {MessageEvent} event @private */
    private hear;
    /**
     * What the frame shall wear. The box around it is of the same scheme: else browsers put a ground of their own between the two.
     * @returns {{theme: string, dir?: string, appearance?: Record<string, string>}} @private
     */
    private look;
    /** What the frame may ask of the page. @returns {Record<string, (data: any) => any>} @private */
    private handlers;
    /** Changes how it looks; another locale loads the page anew. @param {Pick<Options, 'locale' | 'theme' | 'appearance' | 'dir' | 'returnUrl'>} changes */
    update(changes: Pick<Options, 'locale' | 'theme' | 'appearance' | 'dir' | 'returnUrl'>): void;
    /** Puts the focus into the form where the browser allows it. */
    focus(): void;
    /** Asks to cancel the payment; the outcome comes as an event. */
    cancel(): void;
    /** Loads the page anew; the payment goes on. */
    reload(): void;
    /** Takes the checkout out of the page; `mount` brings it back. */
    unmount(): void;
    /** @private */
    private drop;
    /** Ends it for good; silent, and harmless when done twice. */
    destroy(): void;
}
/**
 * Makes a checkout; `await (checkout.mount('#pay'))` shows it. On a server it may be made, not mounted.
 * @param {Options} options @returns {Checkout}
 */
export declare const createCheckout: (options: Options) => Checkout;
export {};
