<?php

namespace PaymentBridge\Core;

/**
 * A shop's table of attempts to collect an order's money, as `Payments` needs it. A row has at least the columns
 * `id`, `order_id`, `order_reference`, `store_id`, `attempt`, `payment_id`, `token`, `idempotency_key`, `body`,
 * `amount`, `currency`, `status`, `sequence`, `refunded`, `checkout_url`, `checkout_token`; amounts in minor units.
 *
 * `order_reference` is how the bridge knows the order: its number, or the number and a mark (see Mark), 64 characters at
 * most. `token` is the attempt's mark on its payment, 64 letters.
 */
interface Attempts
{
    /**
     * Return an order's newest attempt, read from the database; null if there is none.
     *
     * @return array<string, mixed>|null
     */
    public function latestAttempt(int $orderId): ?array;

    /**
     * Return all attempts of an order, newest first.
     *
     * @return array<int, array<string, mixed>>
     */
    public function attempts(int $orderId): array;

    /**
     * Store an attempt before the bridge hears of it; return the row with its defaults.
     *
     * @param array<string, mixed> $row
     * @return array<string, mixed>
     */
    public function addAttempt(array $row): array;

    /**
     * Change columns of an attempt.
     *
     * @param array<string, mixed> $change
     */
    public function changeAttempt(int $id, array $change): void;

    /**
     * Do all of it or none of it, as far as the shop permits.
     */
    public function inOneTransaction(callable $work): void;
}
