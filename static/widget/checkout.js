/*
 * The way in for pages without JavaScript of their own:
 *   <script async src="https://…/widget/v1/checkout.js" data-checkout="chk_…" data-mode="inline"></script>
 * puts the checkout where the tag stands; a click on anything with data-bridge-checkout="chk_…" opens it.
 */
{
  const own = /** @type {HTMLScriptElement} */ (document.currentScript);
  const { src, dataset, parentNode } = own;
  const url = new URL('checkout.mjs', src).href;

  if (dataset.checkout) {
    /* What stands in the element is seen until the module has come, and for good if it never comes. */
    const link = document.createElement('a');
    link.href = new URL(`/checkout/${encodeURIComponent(dataset.checkout)}`, src).href;
    link.textContent = dataset.text ?? (/^de/i.test(dataset.locale ?? document.documentElement.lang) ? 'Zur Bezahlseite' : 'Continue to payment');
    const element = document.createElement('bridge-checkout');
    for (const name in dataset) element.setAttribute(name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), dataset[name] ?? '');
    element.append(link);
    if (parentNode === document.head) addEventListener('DOMContentLoaded', () => document.body.append(element));
    else own.after(element);
  }

  /* Once more after a broken connection; a browser remembers the failure of an address, so it is asked under another. */
  import(url).catch(() => import(`${url}?again`)).catch(() => {});
}
