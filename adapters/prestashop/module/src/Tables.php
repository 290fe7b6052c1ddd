<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\Attempts;

/**
 * Attempts, applied events and refunds. Amounts in minor units; `order_id` is the first order of a reference.
 */
class Tables implements Attempts
{
    private const SLIPS = 'SELECT s.*, r.status AS refund_status, r.failure FROM {payment_bridge_slip} s
        LEFT JOIN {payment_bridge_refund} r ON r.reference = s.reference';

    /** @var Database */
    private $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    public function inOneTransaction(callable $work): void
    {
        $this->database->inOneTransaction($work);
    }

    public function addAttempt(array $row): array
    {
        $this->database->insert('payment_bridge_attempt', $row);
        return $this->attemptByToken($row['token']);
    }

    public function changeAttempt(int $id, array $change): void
    {
        $this->database->update('payment_bridge_attempt', $id, $change);
    }

    /**
     * Remember an applied event with what it changed in its attempt: both or none.
     *
     * @param array<string, mixed> $change
     */
    public function applied(int $attemptId, array $change, ?string $eventId, string $decision): void
    {
        $this->database->inOneTransaction(function () use ($attemptId, $change, $eventId, $decision) {
            $this->changeAttempt($attemptId, $change);
            if ($eventId !== null) {
                $row = ['event_id' => $eventId, 'payment_id' => $change['payment_id'], 'decision' => $decision];
                $this->database->insert('payment_bridge_event', $row);
            }
        });
    }

    /**
     * Say that an attempt was asked about just now, whatever came of it.
     */
    public function touchAttempt(int $id): void
    {
        $this->database->run('UPDATE {payment_bridge_attempt} SET updated_at = CURRENT_TIMESTAMP WHERE id = ?', [$id]);
    }

    public function attemptByToken(string $token): ?array
    {
        return preg_match('/\A[0-9a-f]{64}\z/', $token) ? $this->attempt('token = ?', [$token]) : null;
    }

    public function attemptByPayment(string $paymentId): ?array
    {
        return $this->attempt('payment_id = ?', [$paymentId]);
    }

    /**
     * Return an order's attempt whose answer was lost: it has no payment id yet.
     */
    public function attemptWithoutAnswer(string $orderReference): ?array
    {
        return $this->attempt('payment_id IS NULL AND order_reference = ?', [$orderReference]);
    }

    public function latestAttempt(int $orderId): ?array
    {
        return $this->attempt('order_id = ?', [$orderId]);
    }

    /**
     * Return all attempts of an order, newest first.
     *
     * @return array<int, array<string, mixed>>
     */
    public function attempts(int $orderId): array
    {
        return $this->database->rows('SELECT * FROM {payment_bridge_attempt} WHERE order_id = ? ORDER BY id DESC', [$orderId]);
    }

    /**
     * Return attempts that nobody has heard of for a while; who has waited longest is first.
     *
     * @return array<int, array<string, mixed>>
     */
    public function quietAttempts(int $minutes, int $most): array
    {
        return $this->database->rows(
            "SELECT * FROM {payment_bridge_attempt} WHERE status IN ('created', 'pending', 'authorized')
            AND updated_at < CURRENT_TIMESTAMP - INTERVAL ? MINUTE ORDER BY updated_at LIMIT ?",
            [$minutes, $most]
        );
    }

    /**
     * Take the right to give a cart back: true once for each attempt, whoever asks.
     */
    public function claimCart(int $attemptId): bool
    {
        $sql = 'UPDATE {payment_bridge_attempt} SET cart_restored = 1 WHERE cart_restored = 0 AND id = ?';
        return $this->database->run($sql, [$attemptId]) === 1;
    }

    public function hasEvent(string $eventId): bool
    {
        return $this->database->value('SELECT 1 FROM {payment_bridge_event} WHERE event_id = ?', [$eventId]) !== null;
    }

    public function lastEventTime(): string
    {
        $last = $this->database->value('SELECT UNIX_TIMESTAMP(MAX(applied_at)) FROM {payment_bridge_event}');
        return $last === null ? '' : Moment::told($last);
    }

    /**
     * Store what a refund is for before the bridge hears of it, or find what was stored.
     *
     * @param array<string, mixed> $row
     * @return array<string, mixed>
     */
    public function addRefund(array $row): array
    {
        $known = $this->refundByReference($row['reference']);
        if ($known === null) {
            $this->database->insert('payment_bridge_refund', $row);
            $known = $this->refundByReference($row['reference']);
        }
        return $known;
    }

    public function changeRefund(int $id, array $change): void
    {
        $this->database->update('payment_bridge_refund', $id, $change);
    }

    public function refund(int $id): ?array
    {
        return $this->database->row('SELECT * FROM {payment_bridge_refund} WHERE id = ?', [$id]);
    }

    /**
     * Return a payment's refunds, oldest first.
     *
     * @return array<int, array<string, mixed>>
     */
    public function refunds(string $paymentId): array
    {
        return $this->database->rows(
            'SELECT *, UNIX_TIMESTAMP(created_at) AS asked_at FROM {payment_bridge_refund} WHERE payment_id = ? ORDER BY id',
            [$paymentId]
        );
    }

    /**
     * Return the sum of a payment's refunds that the bridge has taken.
     */
    public function returned(string $paymentId): int
    {
        return (int) $this->database->value(
            "SELECT SUM(amount) FROM {payment_bridge_refund} WHERE status IN ('succeeded', 'pending') AND payment_id = ?",
            [$paymentId]
        );
    }

    /**
     * Return the sum of a payment's refunds that are done for good.
     */
    public function surelyReturned(string $paymentId): int
    {
        $sql = "SELECT SUM(amount) FROM {payment_bridge_refund} WHERE status = 'succeeded' AND payment_id = ?";
        return (int) $this->database->value($sql, [$paymentId]);
    }

    /**
     * Tell whether a refund was asked for under this name.
     */
    public function hasRefund(string $reference): bool
    {
        return $this->refundByReference($reference) !== null;
    }

    /**
     * Return a credit slip that the module has seen, with the status and the failure of the refund that was last sent for it.
     *
     * @return array<string, mixed>|null
     */
    public function slip(int $slipId): ?array
    {
        return $this->database->row(self::SLIPS . ' WHERE s.slip_id = ?', [$slipId]);
    }

    /**
     * Return the credit slips of an order, oldest first, for which no money went back, or for which nobody knows.
     *
     * @return array<int, array<string, mixed>>
     */
    public function openSlips(int $orderId): array
    {
        $where = " WHERE s.order_id = ? AND s.is_closed = 0 AND COALESCE(r.status, 'failed') IN ('failed', 'unknown') ORDER BY s.slip_id";
        return $this->database->rows(self::SLIPS . $where, [$orderId]);
    }

    /**
     * @param array<string, mixed> $row
     */
    public function addSlip(array $row): void
    {
        $this->database->insert('payment_bridge_slip', $row);
    }

    /**
     * Change columns of a credit slip.
     *
     * @param array<string, mixed> $change
     */
    public function changeSlip(int $slipId, array $change): void
    {
        $this->database->update('payment_bridge_slip', $slipId, $change, 'slip_id');
    }

    private function refundByReference(string $reference): ?array
    {
        return $this->database->row('SELECT * FROM {payment_bridge_refund} WHERE reference = ?', [$reference]);
    }

    private function attempt(string $where, array $values): ?array
    {
        $sql = 'SELECT * FROM {payment_bridge_attempt} WHERE ' . $where . ' ORDER BY id DESC LIMIT 1';
        return $this->database->row($sql, $values);
    }
}
