{if $paymentbridge_state === 'paid'}
  <p>{l s='Your payment has arrived. Thank you.' mod='paymentbridge'}</p>
{elseif $paymentbridge_state === 'open'}
  <p>{l s='Your payment is being processed. You will get a mail when it is paid.' mod='paymentbridge'}</p>
{/if}
