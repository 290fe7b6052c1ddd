{* What was paid, what went back, what is left, and what happened; the forms post to the module's own controller. *}
<div class="{if $paymentbridge.is_new_page}card mt-2{else}panel{/if}" id="paymentbridge-panel">
  <div class="{if $paymentbridge.is_new_page}card-header{else}panel-heading{/if}">
    <h3 class="card-header-title">{l s='Payment bridge' mod='paymentbridge'}</h3>
  </div>
  <div class="{if $paymentbridge.is_new_page}card-body{/if}">
    {if $paymentbridge.said}
      <div class="alert alert-{if $paymentbridge.said.good}success{else}danger{/if}" role="status" id="paymentbridge-said">
        <p class="alert-text">{$paymentbridge.said.words|escape:'html':'UTF-8'}</p>
      </div>
    {/if}
    {foreach $paymentbridge.notes as $note}
      {if $note.is_alert}
        <div class="alert alert-warning">
          <p class="alert-text">{$note.time|escape:'html':'UTF-8'}: {$note.words|escape:'html':'UTF-8'}</p>
        </div>
      {/if}
    {/foreach}
    {foreach $paymentbridge.slips as $slip}
      <div class="alert alert-danger paymentbridge-slip">
        <p class="alert-text">{$slip.words|escape:'html':'UTF-8'}</p>
        {if !$slip.is_unknown}
          <form method="post" action="{$paymentbridge.refund_url|escape:'html':'UTF-8'}" class="form-inline">
            <input type="hidden" name="id_order" value="{$paymentbridge.order_id|intval}">
            <input type="hidden" name="slip" value="{$slip.id|intval}">
            <label class="mr-2" for="slip-amount-{$slip.id|intval}">{l s='Give back' mod='paymentbridge'}</label>
            <input class="form-control mr-2" type="text" inputmode="decimal" name="amount" id="slip-amount-{$slip.id|intval}" value="{$slip.amount|escape:'html':'UTF-8'}" placeholder="{$slip.most|escape:'html':'UTF-8'}" autocomplete="off">
            <span class="mr-2">{$slip.currency|escape:'html':'UTF-8'}</span>
            <button class="btn btn-primary mr-2" type="submit" name="slip_refund" value="1">{l s='Refund this credit slip' mod='paymentbridge'}</button>
            <button class="btn btn-secondary" type="submit" name="slip_close" value="1">{l s='No refund is due' mod='paymentbridge'}</button>
          </form>
        {/if}
      </div>
    {/foreach}
    {foreach $paymentbridge.payments as $payment}
      <p>
        {l s='Payment' mod='paymentbridge'} <code>{$payment.payment|escape:'html':'UTF-8'}</code>:
        {$payment.status|escape:'html':'UTF-8'}
        {if $paymentbridge.orders > 1}({l s='together with the other orders of the same cart' mod='paymentbridge'}){/if}
      </p>
      {if $payment.is_paid}
        <table class="table">
          <tbody>
            <tr><th>{l s='Paid' mod='paymentbridge'}</th><td class="paymentbridge-paid">{$payment.paid|escape:'html':'UTF-8'}</td><td></td></tr>
            {foreach $payment.refunds as $refund}
              <tr class="paymentbridge-refund">
                <td>{$refund.time|escape:'html':'UTF-8'}</td>
                <td>- {$refund.amount|escape:'html':'UTF-8'}</td>
                <td>{$refund.status|escape:'html':'UTF-8'}{if $refund.failure}: {$refund.failure|escape:'html':'UTF-8'}{/if}</td>
              </tr>
            {/foreach}
            <tr><th>{l s='Refunded' mod='paymentbridge'}</th><td class="paymentbridge-returned">{$payment.returned|escape:'html':'UTF-8'}</td><td></td></tr>
            <tr><th>{l s='Left' mod='paymentbridge'}</th><td class="paymentbridge-left">{$payment.left|escape:'html':'UTF-8'}</td><td></td></tr>
          </tbody>
        </table>
        {if $payment.unknown !== null}
          <form method="post" action="{$paymentbridge.refund_url|escape:'html':'UTF-8'}">
            <input type="hidden" name="id_order" value="{$paymentbridge.order_id|intval}">
            <input type="hidden" name="payment" value="{$payment.payment|escape:'html':'UTF-8'}">
            <p>{l s='It is not known yet whether this refund was done:' mod='paymentbridge'} {$payment.unknown|escape:'html':'UTF-8'}</p>
            <button class="btn btn-primary" type="submit" name="again" value="1">{l s='Ask again' mod='paymentbridge'}</button>
          </form>
        {elseif $payment.is_left}
          <form method="post" action="{$paymentbridge.refund_url|escape:'html':'UTF-8'}" class="form-inline">
            <input type="hidden" name="id_order" value="{$paymentbridge.order_id|intval}">
            <input type="hidden" name="payment" value="{$payment.payment|escape:'html':'UTF-8'}">
            <input type="hidden" name="seen" value="{$payment.seen|intval}">
            <label class="mr-2" for="amount-{$payment.payment|escape:'html':'UTF-8'}">{l s='Give back' mod='paymentbridge'}</label>
            <input class="form-control mr-2" type="text" inputmode="decimal" name="amount" id="amount-{$payment.payment|escape:'html':'UTF-8'}" placeholder="{$payment.most|escape:'html':'UTF-8'}" required autocomplete="off">
            <span class="mr-2">{$payment.currency|escape:'html':'UTF-8'}</span>
            <button class="btn btn-primary" type="submit" name="refund" value="1">{l s='Refund' mod='paymentbridge'}</button>
          </form>
        {/if}
      {/if}
    {/foreach}
    <ul class="list-unstyled text-muted mt-3 mb-0">
      {foreach $paymentbridge.notes as $note}
        {if !$note.is_alert}
          <li><small>{$note.time|escape:'html':'UTF-8'}: {$note.words|escape:'html':'UTF-8'}</small></li>
        {/if}
      {/foreach}
    </ul>
  </div>
</div>
