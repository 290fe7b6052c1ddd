{* On the customer's page of an order that waits for its money. *}
<div class="box" id="paymentbridge-detail">
  <p>{l s='This order waits for its payment.' mod='paymentbridge'}</p>
  <p><a class="btn btn-primary" href="{$paymentbridge_start_url|escape:'html':'UTF-8'}">{l s='Continue to payment' mod='paymentbridge'}</a></p>
</div>
