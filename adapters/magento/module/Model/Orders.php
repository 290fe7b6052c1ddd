<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Framework\Notification\NotifierInterface;
use Magento\Sales\Api\OrderManagementInterface;
use Magento\Sales\Api\OrderRepositoryInterface;
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
        private OrderRepositoryInterface $remembering,
        private OrderManagementInterface $management,
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
     *
     * An order on hold stays there with its invoice; released, it is what a paid order is.
     */
    public function pay(Order $order, string $paymentId): void
    {
        $payment = $order->getPayment();
        $payment->setTransactionId($paymentId)
            ->setCurrencyCode($order->getBaseCurrencyCode())
            ->setIsTransactionClosed(false)
            ->registerCaptureNotification($order->getBaseGrandTotal(), true);
        $status = $this->config->paidStatus((int) $order->getStoreId());
        if ($order->getState() === Order::STATE_PROCESSING) {
            $order->setStatus($status);
        } elseif ($order->getState() === Order::STATE_HOLDED) {
            $order->setHoldBeforeState(Order::STATE_PROCESSING)->setHoldBeforeStatus($status);
        }
        $this->repositories->create()->save($order);
    }

    /**
     * Cancel an order whose attempt is over, on hold or not; stock and coupon go back with it.
     *
     * Magento's own service does it, because the coupon goes back in a plugin of that. Both work on the order as the
     * shared repository remembers it, so that one is given the fresh order first.
     */
    public function cancel(Order $order, string $why): void
    {
        if ($order->canUnhold()) {
            $order->unhold();
        }
        $this->remembering->save($order);
        $this->management->cancel((int) $order->getId());
        $this->comment($order, $why);
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
}
