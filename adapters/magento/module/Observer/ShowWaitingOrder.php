<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Observer;

use Magento\Checkout\Model\Session;
use Magento\Framework\App\Action\Action;
use Magento\Framework\App\ActionFlag;
use Magento\Framework\Event\Observer;
use Magento\Framework\Event\ObserverInterface;
use Magento\Framework\UrlInterface;
use Magento\Sales\Model\Order;
use PaymentBridge\Checkout\Model\Config;
use PaymentBridge\Checkout\Model\Tables;

/**
 * A customer who comes back to an empty cart while an order waits for its money is shown that order: to pay it, or
 * to give it up and have the cart again. So the cart is not lost by the browser's Back, and no order is paid twice.
 */
class ShowWaitingOrder implements ObserverInterface
{
    public function __construct(
        private Session $session,
        private Config $config,
        private Tables $tables,
        private UrlInterface $urls,
        private ActionFlag $flags
    ) {
    }

    public function execute(Observer $observer): void
    {
        if ($this->session->getQuote()->hasItems()) {
            return;
        }
        $order = $this->session->getLastRealOrder();
        if (!$order->getId() || $order->getState() !== Order::STATE_PENDING_PAYMENT) {
            return;
        }
        $isOurs = $this->config->isOurs($order->getPayment()->getMethod());
        $attempt = $isOurs ? $this->tables->latestAttempt((int) $order->getId()) : null;
        if ($attempt !== null) {
            $url = $this->urls->getUrl('paymentbridge/checkout/done', ['token' => $attempt['token'], '_secure' => true]);
            $this->flags->set('', Action::FLAG_NO_DISPATCH, true);
            $observer->getData('controller_action')->getResponse()->setRedirect($url);
        }
    }
}
