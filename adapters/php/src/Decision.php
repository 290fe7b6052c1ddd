<?php

namespace PaymentBridge\Core;

/**
 * What a payment means for its order: one pure function, forward only, amounts before words.
 */
final class Decision
{
    public const NOTHING = 'nothing'; // it is as it was, or older than what we know
    public const PENDING = 'pending'; // the payer was asked
    public const AUTHORIZED = 'authorized'; // money is reserved, not taken
    public const PAID = 'paid'; // all of it is taken
    public const CANCEL = 'cancel'; // this attempt is over and the order has no other
    public const REFUND_TOLD = 'refund_told'; // more is given back than we knew
    public const FOREIGN = 'foreign'; // another attempt's payment, of whatever shop: never applied
    public const ALERT_MISMATCH = 'alert_mismatch'; // another order, amount or currency than ours
    public const ALERT_LATE = 'alert_late'; // money for an order that the shop has given up
    public const ALERT_DOUBLE = 'alert_double'; // money for an order that another payment has paid
    public const ALERT_PARTIAL = 'alert_partial'; // less is taken than the order is over
    public const ALERT_REFUND = 'alert_refund'; // less is given back than the shop's books say: a refund has failed

    public const ALERT_OPEN = 'alert_open'; // the order is canceled, its payment can still be accepted at the provider

    public const OVER = ['declined', 'failed', 'canceled', 'expired'];
    public const WAITING = ['created', 'pending'];

    /**
     * Return one of the words above.
     *
     * Facts, as the shop has them under its lock:
     * - `token` of the attempt, which its payment carries; see Mark
     * - `order_reference`, `amount` (minor units), `currency` of the order as this attempt asked for it
     * - `sequence`: of this payment, the last one applied; 0 for none
     * - `refunded`: minor units given back of this payment, the last number told
     * - `returned`: minor units that the shop has refunded of it through the bridge, and committed
     * - `order`: `open`, `paid` or `canceled`
     * - `paid_by`: id of the payment that paid the order, or null
     * - `latest`: whether no newer attempt for the order exists
     *
     * @param array<string, mixed> $facts
     * @param array<string, mixed> $payment as the API shows it
     * @return string
     */
    public static function of(array $facts, array $payment)
    {
        if (!Mark::isOn($payment, $facts['token'])) {
            return self::FOREIGN;
        }
        if ($payment['sequence'] <= $facts['sequence']) {
            return self::NOTHING;
        }
        foreach (['order_reference', 'amount', 'currency'] as $name) {
            if ($payment[$name] !== $facts[$name]) {
                return self::ALERT_MISMATCH;
            }
        }
        if ($payment['amount_captured'] > 0) {
            return self::captured($facts, $payment);
        }
        if ($payment['status'] === 'authorized') {
            return self::authorized($facts, $payment);
        }
        if ($facts['order'] === 'open') {
            return self::unpaid($facts, $payment);
        }
        return $facts['order'] === 'canceled' && self::isOpenThere($payment) ? self::ALERT_OPEN : self::NOTHING;
    }

    /**
     * Tell whether a payment is over here and can still be accepted at the provider, so that its money would come late.
     *
     * @param array<string, mixed> $payment as the API shows it
     * @return bool
     */
    public static function isOpenThere(array $payment)
    {
        return in_array($payment['status'], self::OVER, true) && isset($payment['provider_open']) && $payment['provider_open'] === true;
    }

    private static function captured(array $facts, array $payment)
    {
        if ($facts['order'] === 'paid' && $facts['paid_by'] === $payment['id']) {
            return self::refunded($facts, $payment);
        }
        // The bridge holds or gives back a second payment; the one that it calls the first pays the order.
        if ($facts['order'] === 'paid' || isset($payment['duplicate_of'])) {
            return self::unwanted(self::ALERT_DOUBLE, $facts, $payment);
        }
        if ($facts['order'] !== 'open') {
            return self::unwanted(self::ALERT_LATE, $facts, $payment);
        }
        return $payment['amount_captured'] === $payment['amount'] ? self::PAID : self::ALERT_PARTIAL;
    }

    private static function unwanted($alert, array $facts, array $payment)
    {
        $isAllBack = $payment['amount_refunded'] >= $payment['amount_captured'];
        $decision = self::refunded($facts, $payment);
        return $isAllBack || $decision === self::ALERT_REFUND ? $decision : $alert;
    }

    private static function refunded(array $facts, array $payment)
    {
        if ($payment['amount_refunded'] + $payment['amount_refund_pending'] < $facts['returned']) {
            return self::ALERT_REFUND;
        }
        return $payment['amount_refunded'] > $facts['refunded'] ? self::REFUND_TOLD : self::NOTHING;
    }

    private static function authorized(array $facts, array $payment)
    {
        if ($facts['order'] === 'open') {
            return self::AUTHORIZED;
        }
        return $facts['paid_by'] === $payment['id'] ? self::NOTHING : self::ALERT_LATE;
    }

    private static function unpaid(array $facts, array $payment)
    {
        if (in_array($payment['status'], self::OVER, true)) {
            // A lost answer is no answer: only the provider's word ends the attempt, and an older one ends nothing.
            return $facts['latest'] && $payment['outcome_known'] ? self::CANCEL : self::NOTHING;
        }
        return in_array($payment['status'], self::WAITING, true) ? self::PENDING : self::NOTHING;
    }
}
