{* What became of the payment, for whoever has the link; the buttons only for whoever placed the order. *}
{extends file='page.tpl'}
{block name='page_title'}{l s='Your payment' mod='paymentbridge'}{/block}
{block name='page_content'}
  <div id="paymentbridge-return" data-state="{$paymentbridge.state|escape:'html':'UTF-8'}"
       data-url="{$paymentbridge.status_url|escape:'html':'UTF-8'}">
    <p><strong>{l s='Order %s' sprintf=[$paymentbridge.reference] mod='paymentbridge'}</strong></p>
    <p role="status">
      {if $paymentbridge.state === 'paid'}
        {l s='Thank you, it is paid.' mod='paymentbridge'}
      {elseif $paymentbridge.state === 'canceled' && $paymentbridge.ending === 'nothing_taken'}
        {l s='The payment is over, and nothing was charged.' mod='paymentbridge'}
      {elseif $paymentbridge.state === 'canceled' && $paymentbridge.ending === 'open_there'}
        {l s='This order is canceled, but you can still accept its payment in the app of your wallet. Please decline it there before you order again.' mod='paymentbridge'}
      {elseif $paymentbridge.state === 'canceled'}
        {l s='This order is canceled. It is not known yet whether anything was charged; if it was, the shop is told.' mod='paymentbridge'}
      {elseif $paymentbridge.is_own}
        {l s='Your order waits for its payment. If you have paid already, this page changes by itself.' mod='paymentbridge'}
      {else}
        {l s='Your payment is being processed. This page changes by itself.' mod='paymentbridge'}
      {/if}
    </p>
    <p class="paymentbridge-later" hidden>{l s='This takes longer than usual. You will get a mail when it is paid.' mod='paymentbridge'}</p>
    {if $paymentbridge.state === 'open' && $paymentbridge.is_own}
      <p style="margin-top: 1.5rem"><a class="btn btn-primary" href="{$paymentbridge.start_url|escape:'html':'UTF-8'}">{l s='Continue to payment' mod='paymentbridge'}</a></p>
      <form method="post" action="{$paymentbridge.giveup_url|escape:'html':'UTF-8'}" style="margin-bottom: 1rem">
        <input type="hidden" name="payment" value="{$paymentbridge.token|escape:'html':'UTF-8'}">
        <input type="hidden" name="token" value="{$paymentbridge.form_token|escape:'html':'UTF-8'}">
        <button class="btn btn-secondary" type="submit">{l s='Give up and return to the cart' mod='paymentbridge'}</button>
      </form>
    {elseif $paymentbridge.state === 'canceled' && $paymentbridge.is_own}
      <p style="margin-top: 1.5rem"><a class="btn btn-primary" href="{$paymentbridge.cart_url|escape:'html':'UTF-8'}">{l s='To the cart' mod='paymentbridge'}</a></p>
    {/if}
  </div>
{/block}
