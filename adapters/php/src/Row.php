<?php

namespace PaymentBridge\Core;

/**
 * A row of `Attempts`: what it says to the decision, and what a decision changes in it.
 */
final class Row
{
    /**
     * Return the facts that Decision::of() needs; what the row does not know is in `$order`.
     *
     * @param array<string, mixed> $row
     * @param array<string, mixed> $order `order`, `paid_by`, `returned`, `latest`
     * @return array<string, mixed> with `store`, for shops with several accounts
     */
    public static function facts(array $row, array $order): array
    {
        return $order + [
            'store' => (int) $row['store_id'],
            'token' => (string) $row['token'],
            'order_reference' => $row['order_reference'],
            'amount' => (int) $row['amount'],
            'currency' => $row['currency'],
            'sequence' => (int) $row['sequence'],
            'refunded' => (int) $row['refunded'],
        ];
    }

    /**
     * Return what is remembered of a payment that was applied: forward only.
     *
     * @param array<string, mixed> $row
     * @param array<string, mixed> $payment as the API shows it
     * @return array<string, mixed>
     */
    public static function change(array $row, string $decision, array $payment): array
    {
        // A payment over another amount says nothing about this attempt.
        $isAnother = $decision === Decision::ALERT_MISMATCH;
        return [
            'payment_id' => $payment['id'],
            'status' => $isAnother ? $row['status'] : $payment['status'],
            'sequence' => max((int) $row['sequence'], $payment['sequence']),
            'refunded' => max((int) $row['refunded'], $payment['amount_refunded']),
            // Where the answer to the create was lost, this is the first that the shop hears of the checkout.
            'checkout_url' => $row['checkout_url'] ?? ($isAnother ? null : $payment['checkout']['url'] ?? null),
            'checkout_token' => $row['checkout_token'] ?? ($isAnother ? null : $payment['checkout']['token'] ?? null),
        ];
    }

    /**
     * Return the bridge's own page for an attempt, in the language that was asked for with it; null while the bridge
     * has not answered.
     *
     * @param array<string, mixed> $row
     */
    public static function page(array $row): ?string
    {
        // Without it the page follows the browser, which the shop around it does not.
        $locale = json_decode($row['body'], true)['payer']['locale'] ?? '';
        $suffix = $locale === '' ? '' : '?locale=' . rawurlencode($locale);
        return $row['checkout_url'] === null ? null : $row['checkout_url'] . $suffix;
    }

    /**
     * Return the number of an attempt's order, for people to read: its reference at the bridge may have a mark behind it.
     *
     * @param array<string, mixed> $row
     */
    public static function number(array $row): string
    {
        return Mark::number((string) $row['order_reference']);
    }

    /**
     * Tell whether a payment, as its attempt's row has it, is over at the provider too: only then may a customer be told that
     * nothing was charged.
     *
     * @param array<string, mixed> $row with `provider_open`
     */
    public static function isSurelyOver(array $row): bool
    {
        return in_array($row['status'], Decision::OVER, true) && empty($row['provider_open']);
    }

    /**
     * Return the idempotency key of a new request: a hash, because an order number may hold what no header can.
     */
    public static function newKey(string $orderReference, int $number, string $token): string
    {
        return 'order-' . hash('sha256', $number . ' ' . $token . ' ' . $orderReference);
    }

    /**
     * Return the idempotency key to send for an attempt: the stored one, unless it could never have been sent.
     *
     * @param array<string, mixed> $row
     */
    public static function key(array $row): string
    {
        $stored = (string) $row['idempotency_key'];
        return Client::isKey($stored) ? $stored : 'order-' . hash('sha256', $stored);
    }

    /**
     * Return the name of an order's lock: 46 letters, fit for every shop's database, and the same for its number and for
     * a reference that was made of it.
     */
    public static function lock(string $orderReference): string
    {
        return 'paymentbridge_' . substr(hash('sha256', Mark::number($orderReference)), 0, 32);
    }
}
