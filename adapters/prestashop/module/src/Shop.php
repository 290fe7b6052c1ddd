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
    // How an attempt has ended, by the provider's word; empty while nobody can say.
    public const NOTHING_TAKEN = 'nothing_taken';
    public const OPEN_THERE = 'open_there'; // over here, and the payer can still accept it at the provider

    private const WAIT = 8; // seconds for the lock

    /** @var Tables */
    private $tables;

    /** @var Orders */
    private $orders;

    /** @var Locks */
    private $locks;

    /** @var Notes */
    private $notes;

    /** @var Mailing */
    private $mailing;

    /** @var Refunds */
    private $refunds;

    /** @var Log */
    private $log;

    /** @var string[] what was applied last and needs a person's look */
    private $alerts = [];

    public function __construct(
        Tables $tables,
        Orders $orders,
        Locks $locks,
        Notes $notes,
        Mailing $mailing,
        Refunds $refunds,
        Log $log
    ) {
        $this->tables = $tables;
        $this->orders = $orders;
        $this->locks = $locks;
        $this->notes = $notes;
        $this->mailing = $mailing;
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
        $this->alerts = $this->alerts($decision, $row, $payment);
        $change = Row::change($row, $decision, $payment) + ['ending' => $decision === Decision::ALERT_MISMATCH ? $row['ending'] : self::ending($payment)];
        $this->tables->applied((int) $row['id'], $change, $eventId, $decision);
    }

    public function afterwards($decision, array $payment)
    {
        $row = $this->tables->attemptByPayment($payment['id']);
        $placed = $row === null ? null : $this->orders->with((int) $row['order_id']);
        if ($placed === null) {
            return;
        }
        list($alerts, $this->alerts) = [$this->alerts, []];
        foreach ($alerts as $alert) {
            $context = ['order' => $placed->reference(), 'payment' => $payment['id']];
            $this->log->note('an order needs a look: ' . $alert, $context, Log::ALERT);
        }
        $this->refunds->refreshPending($payment['id'], (int) $row['store_id']);
        $this->refunds->closeIfAllIsBack($placed);
        $this->mailing->send($placed);
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
            Decision::ALERT_OPEN => $payment['id'],
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
        if ($decision === Decision::CANCEL && Decision::isOpenThere($payment)) {
            $this->notes->add($placed->id(), Decision::ALERT_OPEN, $payment['id']);
        }
    }

    /**
     * Return the alerts that are news: later events of the same payment say the same again.
     *
     * @return string[]
     */
    private function alerts(string $decision, array $row, array $payment): array
    {
        if ($decision === Decision::ALERT_OPEN || Decision::isOpenThere($payment)) {
            return $row['ending'] === self::OPEN_THERE ? [] : [Decision::ALERT_OPEN];
        }
        $isRepeated = in_array($decision, [Decision::ALERT_LATE, Decision::ALERT_DOUBLE], true) && $row['status'] === $payment['status'];
        return strncmp($decision, 'alert', 5) === 0 && !$isRepeated ? [$decision] : [];
    }

    private static function ending(array $payment): string
    {
        if (!in_array($payment['status'], Decision::OVER, true)) {
            return '';
        }
        if (Decision::isOpenThere($payment)) {
            return self::OPEN_THERE;
        }
        return $payment['outcome_known'] ? self::NOTHING_TAKEN : '';
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
