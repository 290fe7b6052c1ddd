<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Plugin;

use Magento\Framework\App\RequestInterface;
use Magento\Framework\Exception\LocalizedException;
use Magento\Sales\Api\OrderManagementInterface;
use PaymentBridge\Checkout\Model\GivingUp;
use PaymentBridge\Checkout\Model\Log;

/**
 * Before an order is canceled, by the merchant or by a job of Magento's, its payment is given up at the bridge. If money
 * has moved, or nobody can say, the order is not canceled.
 *
 * The answer is then `false`, as for every order that cannot be canceled: an exception would end Magento's own job
 * `sales_clean_orders`, and the orders after this one would keep their stock. Only whoever asks for one order, with the
 * button of its page or with a call of the web API, is told why, in words.
 */
class AskBeforeCanceling
{
    private const FOR_MORE = ['massCancel', 'save']; // actions that go on with other work: further orders, an edited order

    /**
     * @param bool $isOneAsked whether somebody may be asking for one order; see `etc/adminhtml/di.xml`, `etc/webapi_rest/di.xml`
     */
    public function __construct(
        private GivingUp $givingUp,
        private RequestInterface $request,
        private Log $log,
        private bool $isOneAsked = false
    ) {
    }

    /**
     * Cancel the order only if its payment is given up.
     *
     * @param int|string $id
     */
    public function aroundCancel(OrderManagementInterface $subject, callable $proceed, $id): bool
    {
        if ($this->givingUp->isDone((int) $id)) {
            return (bool) $proceed($id);
        }
        if ($this->isOneAsked && !in_array($this->request->getActionName(), self::FOR_MORE, true)) {
            throw new LocalizedException(__('The payment of this order is still under way, so it cannot be canceled now.'));
        }
        $this->log->note('an order was not canceled: its payment is still under way', ['order' => (int) $id]);
        return false;
    }
}
