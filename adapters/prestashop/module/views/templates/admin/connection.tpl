{* The addresses that others have to know, and the button that tests what is stored. *}
{if !$paymentbridge.is_one_shop}
  <div class="alert alert-warning">{l s='Several shops are chosen: what you store here holds for all of them that have no setting of their own.' mod='paymentbridge'}</div>
{/if}
<div class="panel">
  <div class="panel-heading"><i class="icon-exchange"></i> {l s='Notifications' mod='paymentbridge'}</div>
  <p>{l s='Tell this address to the operator of your bridge:' mod='paymentbridge'}</p>
  <p><code id="paymentbridge-notification-url">{$paymentbridge.notification_url|escape:'html':'UTF-8'}</code></p>
  <p>
    {if $paymentbridge.last === ''}
      {l s='No notification about a payment has arrived yet.' mod='paymentbridge'}
    {else}
      {l s='The last notification was applied at:' mod='paymentbridge'} {$paymentbridge.last|escape:'html':'UTF-8'}
    {/if}
  </p>
  <p>{l s='Have this address called every ten minutes; it looks after orders of which nobody has heard:' mod='paymentbridge'}</p>
  <p><code id="paymentbridge-cron-url">{$paymentbridge.cron_url|escape:'html':'UTF-8'}</code></p>
  {if $paymentbridge.is_configured}
    <form method="post" action="{$paymentbridge.action|escape:'html':'UTF-8'}">
      <button class="btn btn-default" type="submit" name="{$paymentbridge.test|escape:'html':'UTF-8'}" value="1">{l s='Test what is stored' mod='paymentbridge'}</button>
    </form>
  {/if}
</div>
