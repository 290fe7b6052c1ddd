<?php

namespace PaymentBridge\Checkout\Tests;

use PaymentBridge\Checkout\Model\Tables;

/**
 * The module's tables in memory.
 */
final class PaperTables extends Tables
{
    public $attempts = [];
    public $events = [];
    public $refunds = [];
    public $neverAsked = [];
    public $refundedInTheDatabase = '0.0000';

    public function __construct()
    {
    }

    public function inOneTransaction(callable $work): void
    {
        $before = [$this->attempts, $this->events, $this->refunds];
        try {
            $work();
        } catch (\Throwable $failure) {
            list($this->attempts, $this->events, $this->refunds) = $before;
            throw $failure;
        }
    }

    public function addAttempt(array $row): array
    {
        $id = count($this->attempts) + 1;
        $defaults = ['id' => $id, 'payment_id' => null, 'status' => 'created', 'sequence' => 0, 'refunded' => 0, 'paid' => 0,
            'provider_open' => 0, 'checkout_url' => null, 'checkout_token' => null];
        return $this->attempts[$id] = $row + $defaults;
    }

    public function changeAttempt(int $id, array $change): void
    {
        $this->attempts[$id] = $change + $this->attempts[$id];
    }

    public function attemptByToken(string $token): ?array
    {
        return $this->last('token', $token);
    }

    public function attemptByPayment(string $paymentId): ?array
    {
        return $this->last('payment_id', $paymentId);
    }

    public function attemptWithoutAnswer(string $orderReference): ?array
    {
        $row = $this->last('order_reference', $orderReference);
        return $row !== null && $row['payment_id'] === null ? $row : null;
    }

    public function latestAttempt(int $orderId): ?array
    {
        return $this->last('order_id', $orderId);
    }

    public function attempts(int $orderId): array
    {
        return array_reverse(array_values(array_filter($this->attempts, static function ($row) use ($orderId) {
            return $row['order_id'] === $orderId;
        })));
    }

    public function paidBy(int $orderId): ?string
    {
        foreach ($this->attempts as $row) {
            if ($row['order_id'] === $orderId && $row['paid']) {
                return $row['payment_id'];
            }
        }
        return null;
    }

    public function quietAttempts(array $statuses, int $minutes, int $most): array
    {
        return array_filter($this->attempts, static function ($row) use ($statuses) {
            return in_array($row['status'], $statuses, true);
        });
    }

    public function ordersNeverAsked(array $methods, int $minutes, int $most): array
    {
        return $this->neverAsked;
    }

    public function hasEvent(string $eventId): bool
    {
        return isset($this->events[$eventId]);
    }

    public function addEvent(string $eventId, string $paymentId, string $decision): void
    {
        $this->events[$eventId] = $decision;
    }

    public function addRefund(string $refundId, string $paymentId, string $reference, int $amount): void
    {
        $this->refunds[$refundId] = [$paymentId, $amount, $reference];
    }

    public function replaceRefund(string $refundId, string $paymentId, string $reference, int $amount): void
    {
        $this->refunds = array_filter($this->refunds, static function ($refund) use ($reference) {
            return $refund[2] !== $reference;
        });
        $this->addRefund($refundId, $paymentId, $reference, $amount);
    }

    public function refunds(string $paymentId): array
    {
        $rows = [];
        foreach ($this->refunds as $id => list($payment, $amount, $reference)) {
            $rows[] = ['refund_id' => $id, 'payment_id' => $payment, 'amount' => $amount, 'reference' => $reference];
        }
        return array_values(array_filter($rows, static function ($row) use ($paymentId) {
            return $row['payment_id'] === $paymentId;
        }));
    }

    public function returned(string $paymentId): int
    {
        return array_sum(array_column($this->refunds($paymentId), 'amount'));
    }

    public function refundedForUpdate(int $paymentRowId): string
    {
        return $this->refundedInTheDatabase;
    }

    private function last(string $name, $value): ?array
    {
        $found = array_filter($this->attempts, static function ($row) use ($name, $value) {
            return $row[$name] === $value;
        });
        return $found ? end($found) : null;
    }
}
