{* The bridge's checkout in a page of the shop; the link is for browsers in which it cannot be framed. *}
{extends file='page.tpl'}
{block name='page_title'}{l s='Pay for order %s' sprintf=[$paymentbridge.reference] mod='paymentbridge'}{/block}
{block name='page_content'}
  <bridge-checkout id="paymentbridge-checkout" mode="inline"
                   checkout="{$paymentbridge.checkout_token|escape:'html':'UTF-8'}"
                   locale="{$paymentbridge.locale|escape:'html':'UTF-8'}"
                   return-url="{$paymentbridge.return_url|escape:'html':'UTF-8'}">
    <p>
      <a class="btn btn-primary" href="{$paymentbridge.checkout_url|escape:'html':'UTF-8'}">{l s='Open the payment page' mod='paymentbridge'}</a>
    </p>
  </bridge-checkout>
  <p style="margin-top: 1rem"><a href="{$paymentbridge.return_url|escape:'html':'UTF-8'}">{l s='Back to the shop' mod='paymentbridge'}</a></p>
  <script src="{$paymentbridge.widget|escape:'html':'UTF-8'}" async></script>
{/block}
