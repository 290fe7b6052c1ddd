<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Framework\Notification\NotifierInterface;
use Magento\Sales\Api\OrderRepositoryInterfaceFactory;
use Magento\Sales\Api\OrderStatusHistoryRepositoryInterface;
use Magento\Sales\Model\Order;
use Magento\Sales\Model\Order\Email\Sender\OrderSender;

/**
 * What is done to an order of the shop: always freshly loaded, because Magento's repository remembers.
 */
class Orders
{
    private const OPEN = [
        Order::STATE_NEW, Order::STATE_PENDING_PAYMENT, Order::STATE_PAYMENT_REVIEW, Order::STATE_HOLDED,
        Order::STATE_PROCESSING,
    ];

    public function __construct(
        private OrderRepositoryInterfaceFactory $repositories,
        private OrderStatusHistoryRepositoryInterface $histories,
        private OrderSender $orderSender,
        private NotifierInterface $notifier,
        private Config $config
    ) {
    }

    /**
     * Return an order as the database has it.
     */
    public function fresh(int $orderId): Order
    {
        return $this->repositories->create()->get($orderId);
    }

    /**
     * Return `open`, `paid` or `canceled`.
     */
    public function state(Order $order): string
    {
        if ($order->hasInvoices() || (float) $order->getTotalDue() <= 0.0) {
            return 'paid';
        }
        return in_array($order->getState(), self::OPEN, true) ? 'open' : 'canceled';
    }

    /**
     * Make the invoice. The amount was compared before, in the order's currency; Magento counts in the base currency.
     */
    public function pay(Order $order, string $paymentId): void
    {
        $payment = $order->getPayment();
        $payment->setTransactionId($paymentId)
            ->setCurrencyCode($order->getBaseCurrencyCode())
            ->setIsTransactionClosed(false)
            ->registerCaptureNotification($order->getBaseGrandTotal(), true);
        if ($order->getState() === Order::STATE_PROCESSING) {
            $order->setStatus($this->config->paidStatus((int) $order->getStoreId()));
        }
        $this->save($order);
    }

    /**
     * Cancel an order whose attempt is over; stock and coupon go back with it.
     */
    public function cancel(Order $order, string $why): void
    {
        if ($order->canCancel()) {
            $order->cancel();
        }
        $order->addCommentToStatusHistory($why);
        $this->save($order);
    }

    /**
     * Note something on the order, and save nothing else: a credit memo may be under way, whose sums a whole order
     * that was loaded a moment ago would take back.
     */
    public function comment(Order $order, string $words): void
    {
        $this->histories->save($order->addCommentToStatusHistory($words));
    }

    /**
     * Tell the merchant something that a person must look at.
     */
    public function alert(Order $order, string $words): void
    {
        $this->comment($order, $words);
        $this->notifier->addMajor((string) __('Payment bridge: order %1', $order->getIncrementId()), $words);
    }

    public function mail(int $orderId): void
    {
        $order = $this->fresh($orderId);
        if (!$order->getEmailSent()) {
            $order->setCanSendNewEmailFlag(true);
            $this->orderSender->send($order);
        }
    }

    private function save(Order $order): void
    {
        $this->repositories->create()->save($order);
    }
}
