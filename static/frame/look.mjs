/**
 * A shop's own look: ten tokens, each checked. What cannot be read on what is behind it falls back to ours.
 * Asked for only where a shop sets tokens.
 */

/** Tokens by what they are; each is the custom property of its name in `frame.css`. */
const COLORS = ['colorPrimary', 'colorOnPrimary', 'colorText', 'colorBackground', 'colorDanger', 'colorSuccess'];

/** The smallest and largest length, in pixels. @type {Record<string, [number, number]>} */
const LENGTHS = { fontSizeBase: [14, 24], borderRadius: [0, 32], spacingUnit: [4, 12] };

/** What must stand out from what, and how much (WCAG 2.2, 1.4.3 and 1.4.11). @type {[string, string, number][]} */
const PAIRS = [
  ['colorText', 'colorBackground', 4.5], ['colorOnPrimary', 'colorPrimary', 4.5], ['colorPrimary', 'colorBackground', 3],
  ['colorDanger', 'colorBackground', 4.5], ['colorSuccess', 'colorBackground', 3],
];

/** @typedef {[red: number, green: number, blue: number]} Color */

/** Custom property of a token. @param {string} token */
export const property = (token) => `--${token.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Contrast of two colours, 1 to 21. @param {Color} one @param {Color} other */
export function contrast(one, other) {
  const [dark, light] = [one, other].map((color) => {
    const [red, green, blue] = color.map((value) => (value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** A colour over another one. @param {Color} over @param {Color} under @param {number} share of `over` */
export const mix = (over, under, share) => /** @type {Color} */ (over.map((value, i) => value * share + under[i] * (1 - share)));

/**
 * The shop's colours that may be used: pairs without contrast lose what the shop said about them.
 * @param {Record<string, Color>} wanted @param {Record<string, Color>} ours @returns {Record<string, Color>}
 */
export function readable(wanted, ours) {
  const bad = PAIRS.find(([one, other, least]) => (wanted[one] || wanted[other])
    && contrast(wanted[one] ?? ours[one], wanted[other] ?? ours[other]) < least);
  if (!bad) return wanted;
  const { [bad[0]]: _, [bad[1]]: __, ...rest } = wanted;
  return readable(rest, ours);
}

/** A length within its bounds, or nothing. @param {string} token @param {string} text */
export function lengthOf(token, text) {
  const found = /^(\d{1,3}(?:\.\d{1,3})?)(px|rem)?$/.exec(text);
  if (!found) return undefined;
  const [least, most] = LENGTHS[token];
  return `${Math.min(most, Math.max(least, Number(found[1]) * (found[2] === 'rem' ? 16 : 1)))}px`;
}

/** Names of fonts and nothing else. @param {string} text */
export const fontsOf = (text) => (/^[\w\s,'"-]{1,120}$/.test(text) ? text : undefined);

/** What the browser makes of a colour; nothing for what is none, or is seen through. @param {string} text @returns {Color | undefined} */
function colorOf(text) {
  if (!/^[#\w\s.,%()/+-]{1,64}$/.test(text) || /var|env|attr|url/i.test(text)) return undefined;
  const probe = document.createElement('i');
  probe.style.color = text;
  if (!probe.style.color || probe.style.color === 'inherit') return undefined;
  document.body.append(probe);
  const found = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(getComputedStyle(probe).color);
  probe.remove();
  return found ? /** @type {Color} */ (found.slice(1).map(Number)) : undefined;
}

/** Puts a shop's tokens on the page, and takes off those of before. @param {Record<string, unknown>} appearance */
export function paint(appearance) {
  const { style } = document.documentElement;
  const said = (/** @type {string} */ token) => (Object.hasOwn(appearance, token) ? String(appearance[token]).trim() : '');
  for (const token of [...COLORS, ...Object.keys(LENGTHS), 'fontFamily', 'muted', 'edge']) style.removeProperty(property(token));
  const own = getComputedStyle(document.documentElement);
  const colors = (/** @type {(token: string) => string} */ text) => Object.fromEntries(COLORS.flatMap((token) => {
    const color = colorOf(text(token));
    return color ? [[token, color]] : [];
  }));
  const ours = colors((token) => own.getPropertyValue(property(token)).trim());
  const fit = readable(colors(said), ours);
  for (const [token, color] of Object.entries(fit)) style.setProperty(property(token), `rgb(${color})`);
  /* Muted text and edges are mixed from text and background: where the mix is too weak, they are not mixed. */
  const [text, ground] = [fit.colorText ?? ours.colorText, fit.colorBackground ?? ours.colorBackground];
  if (contrast(mix(text, mix(text, ground, 0.04), 0.68), mix(text, ground, 0.04)) < 4.5) style.setProperty('--muted', `rgb(${text})`);
  if (contrast(mix(text, ground, 0.52), ground) < 3) style.setProperty('--edge', `rgb(${text})`);
  for (const token of Object.keys(LENGTHS)) set(token, lengthOf(token, said(token)));
  set('fontFamily', fontsOf(said('fontFamily')));

  /** @param {string} token @param {string | undefined} value */
  function set(token, value) {
    if (value) style.setProperty(property(token), value);
  }
}
