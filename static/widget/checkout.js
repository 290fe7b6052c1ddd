/*
 * The way in for pages without JavaScript of their own:
 *   <script async src="https://…/widget/v1/checkout.js" data-checkout="chk_…" data-mode="inline"></script>
 * puts the checkout where the tag stands; a click on anything with data-bridge-checkout="chk_…" opens it.
 * It works as a module and inlined too. A module is not told its own tag, so all tags that wait are served. Text in the page has no
 * address, so the bridge's own is used: the server writes it in place of the one below.
 */
{
  const home = 'https://bridge.invalid/widget/v1/checkout.js';
  const own = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  const tags = own ? [own] : /** @type {HTMLScriptElement[]} */ ([...document.querySelectorAll('script[data-checkout]:not([data-served])')]);
  const src = tags.map((tag) => tag.src).find(Boolean) ?? /** @type {HTMLScriptElement | null} */ (
    document.querySelector('script[src$="/checkout.js"]'))?.src ?? home;

  for (const tag of tags) {
    const { dataset, parentNode } = tag;
    if (!dataset.checkout) continue;
    /* What stands in the element is seen until the module has come, and for good if it never comes. */
    const link = document.createElement('a');
    link.href = new URL(`/checkout/${encodeURIComponent(dataset.checkout)}`, src).href;
    link.textContent = dataset.text ?? (/^de/i.test(dataset.locale ?? document.documentElement.lang) ? 'Zur Bezahlseite' : 'Continue to payment');
    const element = document.createElement('bridge-checkout');
    for (const name in dataset) element.setAttribute(name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), dataset[name] ?? '');
    element.append(link);
    dataset.served = '';
    if (parentNode === document.head) addEventListener('DOMContentLoaded', () => document.body.append(element));
    else tag.after(element);
  }

  /* Once more after a broken connection; a browser remembers the failure of an address, so it is asked under another. */
  const url = new URL('checkout.mjs', src).href;
  import(url).catch(() => import(`${url}?again`)).catch(() => {});
}
