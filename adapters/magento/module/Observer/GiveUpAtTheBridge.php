<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Observer;

use Magento\Framework\Event\Observer;
use Magento\Framework\Event\ObserverInterface;
use PaymentBridge\Checkout\Model\GivingUp;

/**
 * Gives the payment of an order up where somebody cancels the order itself, not through Magento's service: the plugin
 * AskBeforeCanceling is not asked then.
 *
 * The order is canceled in any case, because whoever does it need not know of payments. If the payment is still under
 * way, the order says so, and money that comes is told as late money.
 */
class GiveUpAtTheBridge implements ObserverInterface
{
    public function __construct(private GivingUp $givingUp)
    {
    }

    public function execute(Observer $observer): void
    {
        $order = $observer->getData('payment')->getOrder();
        if (!$this->givingUp->isDone((int) $order->getId())) {
            $order->addCommentToStatusHistory((string) __(
                'This order was canceled while its payment is still under way. If the money comes, you are told here.'
            ));
        }
    }
}
