<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Framework\Exception\NoSuchEntityException;
use Magento\Framework\Lock\LockManagerInterface;
use Magento\Sales\Model\Order;
use PaymentBridge\Core\Decision;
use PaymentBridge\Core\Money;
use PaymentBridge\Core\Row;
use PaymentBridge\Core\Shop as ShopInterface;

/**
 * Magento as the notification processor sees it. The table of what each decision does to an order is in `perform`.
 */
class Shop implements ShopInterface
{
    private const WAIT = 8; // seconds for the lock

    public function __construct(
        private Tables $tables,
        private Orders $orders,
        private LockManagerInterface $locks,
        private Config $config,
        private Log $log
    ) {
    }

    public function lock($orderReference): bool
    {
        return $this->locks->lock(Row::lock($orderReference), self::WAIT);
    }

    public function unlock($orderReference): void
    {
        $this->locks->unlock(Row::lock($orderReference));
    }

    public function isDone($eventId): bool
    {
        return $this->tables->hasEvent($eventId);
    }

    public function facts($paymentId, $orderReference): ?array
    {
        $row = $this->row($paymentId, $orderReference);
        if ($row === null) {
            return null;
        }
        $orderId = (int) $row['order_id'];
        try {
            $order = $this->orders->fresh($orderId);
        } catch (NoSuchEntityException $deleted) {
            return null; // somebody has deleted the order: there is nothing left to change
        }
        return Row::facts($row, [
            'returned' => $this->tables->returned($paymentId),
            'order' => $this->orders->state($order),
            'paid_by' => $this->tables->paidBy($orderId),
            'latest' => $this->tables->latestAttempt($orderId)['id'] === $row['id'],
        ]);
    }

    public function apply($decision, array $payment, $eventId): void
    {
        $row = $this->row($payment['id'], $payment['order_reference']);
        $this->tables->inOneTransaction(function () use ($row, $decision, $payment, $eventId) {
            // The row first: an observer that sees the order canceled must know that the attempt is over.
            $this->tables->changeAttempt((int) $row['id'], $this->change($row, $decision, $payment));
            $this->perform($decision, $row, $payment);
            if ($eventId !== null) {
                $this->tables->addEvent($eventId, $payment['id'], $decision);
            }
        });
    }

    public function afterwards($decision, array $payment): void
    {
        $row = $this->tables->attemptByPayment($payment['id']);
        if ($row === null) {
            return; // an event that is repeated after its payment was let go
        }
        if ((int) $row['paid'] === 1 && !$this->config->mailsWhenPlaced((int) $row['store_id'])) {
            $this->orders->mail((int) $row['order_id']);
        }
        if (strncmp($decision, 'alert', 5) === 0) {
            $this->log('an order needs a look: ' . $decision, ['order' => Row::number($row)]);
        }
    }

    public function log($message, array $context): void
    {
        $this->log->note($message, $context);
    }

    private function perform(string $decision, array $row, array $payment): void
    {
        $isSilent = in_array($decision, [Decision::NOTHING, Decision::PENDING], true);
        if ($isSilent || ($this->isToldOnce($decision) && $row['status'] === $payment['status'])) {
            return;
        }
        $order = $this->orders->fresh((int) $row['order_id']);
        $captured = $this->money($payment, 'amount_captured');
        $refunded = $this->money($payment, 'amount_refunded');
        match ($decision) {
            Decision::PAID => $this->orders->pay($order, $payment['id']),
            Decision::CANCEL => $this->cancel($order, $payment),
            Decision::AUTHORIZED => $this->orders->comment($order, (string) __('The amount is reserved, not taken yet.')),
            Decision::REFUND_TOLD => $this->orders->comment($order, (string) __('Refunded so far: %1.', $refunded)),
            Decision::ALERT_MISMATCH => $this->orders->alert(
                $order,
                (string) __('Payment %1 is over another amount, currency or order. Nothing was changed.', $payment['id'])
            ),
            Decision::ALERT_LATE => $this->orders->alert($order, (string) __(
                '%1 arrived as payment %2 although this order is canceled: give it back on this page, or deliver.',
                $captured,
                $payment['id']
            )),
            Decision::ALERT_DOUBLE => $this->orders->alert(
                $order,
                (string) __('%1 arrived a second time, as payment %2: give it back on this page.', $captured, $payment['id'])
            ),
            Decision::ALERT_PARTIAL => $this->orders->alert(
                $order,
                (string) __('Only %1 of this order were taken. No invoice was made.', $captured)
            ),
            Decision::ALERT_REFUND => $this->orders->alert($order, (string) __(
                'A refund did not succeed: only %1 went back to the customer. Give the rest back on this page.',
                $refunded
            )),
            Decision::ALERT_OPEN => $this->orders->alert($order, $this->openThere($payment)),
        };
    }

    /**
     * Tell whether a decision is the same again with every later event of a payment: its refunds, for instance.
     */
    private function isToldOnce(string $decision): bool
    {
        return in_array($decision, [Decision::ALERT_LATE, Decision::ALERT_DOUBLE, Decision::ALERT_PARTIAL], true);
    }

    private function cancel(Order $order, array $payment): void
    {
        $this->orders->cancel($order, (string) __('The payment is over: %1.', __($payment['status'])));
        if (Decision::isOpenThere($payment)) {
            $this->orders->alert($order, $this->openThere($payment));
        }
    }

    private function openThere(array $payment): string
    {
        return (string) __(
            'Payment %1 is over here, but the customer can still accept it at the provider. If its money comes, you are told here, and can give it back on this page.',
            $payment['id']
        );
    }

    private function change(array $row, string $decision, array $payment): array
    {
        return Row::change($row, $decision, $payment) + [
            'paid' => $decision === Decision::PAID ? 1 : (int) $row['paid'],
            'provider_open' => Decision::isOpenThere($payment) ? 1 : 0,
            'updated_at' => gmdate('Y-m-d H:i:s'),
        ];
    }

    private function row(string $paymentId, string $orderReference): ?array
    {
        return $this->tables->attemptByPayment($paymentId) ?? $this->tables->attemptWithoutAnswer($orderReference);
    }

    private function money(array $payment, string $name): string
    {
        return Money::toDecimal($payment[$name], $payment['currency']) . ' ' . $payment['currency'];
    }
}
