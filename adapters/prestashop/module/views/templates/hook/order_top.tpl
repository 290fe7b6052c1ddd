{* Credit slips that gave no money back: at the top, because the panel is far below. *}
<div class="alert alert-danger" role="alert" id="paymentbridge-warnings">
  {foreach $paymentbridge_warnings as $words}
    <p class="alert-text">{$words|escape:'html':'UTF-8'}</p>
  {/foreach}
  <p class="alert-text"><a href="#paymentbridge-panel">{l s='To the panel of the payment bridge' mod='paymentbridge'}</a></p>
</div>
