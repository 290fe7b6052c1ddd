<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Observer;

use Magento\Checkout\Model\Session;
use Magento\Framework\App\ActionFlag;
use Magento\Framework\App\Action\Action;
use Magento\Framework\Event\Observer;
use Magento\Framework\Event\ObserverInterface;
use Magento\Framework\Message\ManagerInterface;
use Magento\Framework\UrlInterface;
use Magento\Sales\Model\Order;
use PaymentBridge\Checkout\Model\Config;
use PaymentBridge\Checkout\Model\Log;
use PaymentBridge\Checkout\Model\Tables;
use PaymentBridge\Core\Row;

/**
 * A customer who comes back to an empty cart while an order waits for its money is shown that order: to pay it, or
 * to give it up and have the cart again. So the cart is not lost by the browser's Back, and no order is paid twice.
 * Who has put something else into a new cart is only told of that order. If the order was canceled while nobody
 * looked, the same page gives the cart back.
 */
class ShowWaitingOrder implements ObserverInterface
{
    private const UNPAID = [Order::STATE_PENDING_PAYMENT, Order::STATE_CANCELED];

    public function __construct(
        private Session $session,
        private Config $config,
        private Tables $tables,
        private UrlInterface $urls,
        private ActionFlag $flags,
        private ManagerInterface $messages,
        private Log $log
    ) {
    }

    public function execute(Observer $observer): void
    {
        try {
            $this->show($observer);
        } catch (\Throwable $failure) {
            // A cart without this notice is better than no cart.
            $this->log->note('a waiting order could not be shown', ['why' => $failure->getMessage()]);
        }
    }

    private function show(Observer $observer): void
    {
        $order = $this->session->getLastRealOrder();
        $attempt = $this->attempt($order);
        if ($attempt === null) {
            return;
        }
        $url = $this->urls->getUrl('paymentbridge/checkout/done', ['token' => $attempt['token'], '_secure' => true]);
        if (!$this->session->getQuote()->hasItems()) {
            $this->flags->set('', Action::FLAG_NO_DISPATCH, true);
            $observer->getData('controller_action')->getResponse()->setRedirect($url);
        } elseif ($order->getState() === Order::STATE_PENDING_PAYMENT) {
            $words = ['order' => Row::number($attempt), 'url' => $url];
            $this->messages->addComplexNoticeMessage('paymentbridgeWaitingOrder', $words);
        }
    }

    private function attempt(Order $order): ?array
    {
        $isOurs = $order->getId() && $this->config->isOurs($order->getPayment()->getMethod());
        if (!$isOurs || !in_array($order->getState(), self::UNPAID, true)) {
            return null;
        }
        return $this->tables->latestAttempt((int) $order->getId());
    }
}
