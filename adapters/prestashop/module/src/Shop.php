<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\Decision;
use PaymentBridge\Core\Money;
use PaymentBridge\Core\Row;
use PaymentBridge\Core\Shop as ShopInterface;

/**
 * PrestaShop as the notification processor sees it. The table of what each decision does to an order is in `perform`.
 */
class Shop implements ShopInterface
{
    private const WAIT = 8; // seconds for the lock

    /** @var Tables */
    private $tables;

    /** @var Orders */
    private $orders;

    /** @var Locks */
    private $locks;

    /** @var Notes */
    private $notes;

    /** @var HeldMail */
    private $heldMail;

    /** @var Refunds */
    private $refunds;

    /** @var Log */
    private $log;

    /** @var bool whether what was applied last is news: later events of late money say the same again */
    private $isNews = true;

    public function __construct(
        Tables $tables,
        Orders $orders,
        Locks $locks,
        Notes $notes,
        HeldMail $heldMail,
        Refunds $refunds,
        Log $log
    ) {
        $this->tables = $tables;
        $this->orders = $orders;
        $this->locks = $locks;
        $this->notes = $notes;
        $this->heldMail = $heldMail;
        $this->refunds = $refunds;
        $this->log = $log;
    }

    public function lock($orderReference)
    {
        return $this->locks->take(Row::lock($orderReference), self::WAIT);
    }

    public function unlock($orderReference)
    {
        $this->locks->release(Row::lock($orderReference));
    }

    public function isDone($eventId)
    {
        return $this->tables->hasEvent($eventId);
    }

    public function facts($paymentId, $orderReference)
    {
        $row = $this->row($paymentId, $orderReference);
        $placed = $row === null ? null : $this->orders->with((int) $row['order_id']);
        if ($placed === null) {
            return null; // not ours, or somebody has deleted the order: there is nothing left to change
        }
        $ids = array_filter(array_column($this->tables->attempts($placed->id()), 'payment_id'));
        return Row::facts($row, [
            'returned' => $this->tables->returned($paymentId),
            'order' => $placed->state(),
            'paid_by' => $this->orders->paidBy($placed, array_values(array_unique(array_merge($ids, [$paymentId])))),
            'latest' => $this->tables->latestAttempt((int) $row['order_id'])['id'] === $row['id'],
        ]);
    }

    public function apply($decision, array $payment, $eventId)
    {
        $row = $this->row($payment['id'], $payment['order_reference']);
        $placed = $this->orders->with((int) $row['order_id']);
        // The order first: a crash in between does all of this again, and what is done already is found done.
        $this->perform($decision, $placed, $payment);
        $this->isNews = $decision !== Decision::ALERT_LATE || $row['status'] !== $payment['status'];
        $this->tables->applied((int) $row['id'], Row::change($row, $decision, $payment), $eventId, $decision);
    }

    public function afterwards($decision, array $payment)
    {
        $row = $this->tables->attemptByPayment($payment['id']);
        $placed = $this->orders->with((int) $row['order_id']);
        if ($this->isNews && strncmp($decision, 'alert', 5) === 0) {
            $this->log->note('an order needs a look: ' . $decision, ['order' => $row['order_reference']], Log::ALERT);
        }
        if ($decision === Decision::PAID) {
            $this->heldMail->send($placed);
        } elseif ($decision === Decision::CANCEL) {
            $this->heldMail->drop($placed);
        }
        $this->orders->sendMails($placed);
        $this->refunds->refreshPending($payment['id'], (int) $row['store_id']);
    }

    public function log($message, array $context)
    {
        $this->log->note($message, $context);
    }

    private function perform(string $decision, PlacedOrder $placed, array $payment): void
    {
        $details = [
            Decision::PAID => $this->money($payment, 'amount_captured'),
            Decision::CANCEL => $payment['status'],
            Decision::AUTHORIZED => '',
            Decision::REFUND_TOLD => $this->money($payment, 'amount_refunded'),
            Decision::ALERT_MISMATCH => $payment['id'],
            Decision::ALERT_LATE => $this->money($payment, 'amount_captured') . ' (' . $payment['id'] . ')',
            Decision::ALERT_DOUBLE => $this->money($payment, 'amount_captured') . ' (' . $payment['id'] . ')',
            Decision::ALERT_PARTIAL => $this->money($payment, 'amount_captured'),
            Decision::ALERT_REFUND => $this->money($payment, 'amount_refunded'),
        ];
        if ($decision === Decision::PAID) {
            $amount = Money::toDecimal($payment['amount_captured'], $payment['currency']);
            $this->orders->pay($placed, $payment['id'], $amount);
        } elseif ($decision === Decision::CANCEL) {
            $this->orders->cancel($placed);
        }
        if (isset($details[$decision])) {
            $this->notes->add($placed->id(), $decision, $details[$decision]);
        }
    }

    private function row(string $paymentId, string $orderReference): ?array
    {
        return $this->tables->attemptByPayment($paymentId) ?? $this->tables->attemptWithoutAnswer($orderReference);
    }

    private function money(array $payment, string $name): string
    {
        return Decimal::told($payment[$name], $payment['currency']);
    }
}
