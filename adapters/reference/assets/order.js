// Asks the shop, never the bridge, whether the order has changed, and shows the new page if so.
const order = document.querySelector('[data-order]');
const { order: ref, status, sums, home } = order.dataset;

if (window.top !== window && !home) window.top.location = `/orders/${ref}`; // we came back inside the frame

const changed = (told) =>
  told.status !== status || (sums !== undefined && Object.values(told.amounts).join(' ') !== sums);

async function look() {
  try {
    const answer = await fetch(`/orders/${ref}/status`, { signal: AbortSignal.timeout(5000) });
    if (answer.ok && changed(await answer.json()) && !isTyping()) return location.replace(home ?? location.pathname);
  } catch { /* offline: the next look may work */ }
  setTimeout(look, document.hidden ? 5000 : 1000);
}

// A page that changes under the hands of somebody who fills in a form is worse than one that is a minute old.
const isTyping = () => [...document.querySelectorAll('input')].some((input) => input.value !== input.defaultValue);

// The window over the shop was closed: the order's page knows what became of it.
addEventListener('cc-close', () => location.assign(home));

setTimeout(look, 1000);
