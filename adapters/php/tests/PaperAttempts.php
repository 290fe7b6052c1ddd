<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\Attempts;

/**
 * A table of attempts in memory.
 */
final class PaperAttempts implements Attempts
{
    /** @var array<int, array<string, mixed>> */
    public $rows = [];

    public function latestAttempt(int $orderId): ?array
    {
        return $this->attempts($orderId)[0] ?? null;
    }

    public function attempts(int $orderId): array
    {
        $found = array_filter($this->rows, static function (array $row) use ($orderId) {
            return $row['order_id'] === $orderId;
        });
        return array_reverse(array_values($found));
    }

    public function addAttempt(array $row): array
    {
        $id = count($this->rows) + 1;
        $defaults = ['id' => $id, 'payment_id' => null, 'status' => 'created', 'checkout_url' => null, 'checkout_token' => null];
        return $this->rows[$id] = $row + $defaults;
    }

    public function changeAttempt(int $id, array $change): void
    {
        $this->rows[$id] = $change + $this->rows[$id];
    }

    public function inOneTransaction(callable $work): void
    {
        $before = $this->rows;
        try {
            $work();
        } catch (\Throwable $failure) {
            $this->rows = $before;
            throw $failure;
        }
    }
}
