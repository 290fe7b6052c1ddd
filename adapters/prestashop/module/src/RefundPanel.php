<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\Money;

/**
 * The panel on an order's page in the back office: what was paid, what went back, what is left, and what happened.
 */
class RefundPanel
{
    /** @var \Module */
    private $module;

    /** @var Tables */
    private $tables;

    /** @var Orders */
    private $orders;

    /** @var Refunds */
    private $refunds;

    /** @var Notes */
    private $notes;

    public function __construct(\Module $module, Tables $tables, Orders $orders, Refunds $refunds, Notes $notes)
    {
        $this->module = $module;
        $this->tables = $tables;
        $this->orders = $orders;
        $this->refunds = $refunds;
        $this->notes = $notes;
    }

    /**
     * Return what the template shows, or null for an order that is none of ours.
     *
     * @return array<string, mixed>|null
     */
    public function view(int $orderId): ?array
    {
        $placed = $this->orders->with($orderId);
        $latest = $placed === null || !$placed->isOurs() ? null : $this->tables->latestAttempt($placed->id());
        if ($latest === null) {
            return null;
        }
        $paid = array_values($this->refunds->paidAttempts($placed));
        return [
            'orders' => count($placed->ids()),
            'notes' => $this->notes->of($placed->id()),
            'payments' => array_map([$this, 'payment'], $paid ?: [$latest]),
            'slips' => $this->slips($placed),
        ];
    }

    /**
     * Return what to tell at the top of an order's page: its credit slips that gave no money back, as words.
     *
     * @return string[]
     */
    public function warnings(int $orderId): array
    {
        $placed = $this->orders->with($orderId);
        return $placed === null || !$placed->isOurs() ? [] : array_column($this->slips($placed), 'words');
    }

    /**
     * Return the words for the result of a refund: whether it is good news, and the text.
     *
     * @param array{0: string, 1: string} $result
     * @return array{0: bool, 1: string}
     */
    public function words(array $result): array
    {
        $words = [
            Refunds::DONE => $this->module->l('Refunded: %s.', 'refundpanel'),
            Refunds::ON_ITS_WAY => $this->module->l('The refund is on its way: %s.', 'refundpanel'),
            Refunds::ALREADY => $this->module->l('Refunded already: %s. It was not done a second time.', 'refundpanel'),
            Refunds::CHANGED => $this->module->l('This was not done, because the order has changed meanwhile. Look at it again.', 'refundpanel'),
            Refunds::UNKNOWN => $this->module->l('It is not known yet whether the refund was done. Press Ask again in some minutes: it is refunded only once.', 'refundpanel'),
            Refunds::REFUSED => $this->module->l('Nothing was refunded: %s', 'refundpanel'),
            Refunds::ANOTHER_FIRST => $this->module->l('Nothing was refunded: it is not known yet what became of %s. Ask for that refund again first.', 'refundpanel'),
            Refunds::BUSY => $this->module->l('Nothing was refunded: somebody else works on this order just now. Look at it again.', 'refundpanel'),
            Refunds::NOTHING_PAID => $this->module->l('Nothing was refunded: this order was not paid through the bridge.', 'refundpanel'),
            'amount' => $this->module->l('Nothing was refunded: type an amount as 12.50.', 'refundpanel'),
            SlipRefund::AMOUNT => $this->module->l('Nothing was refunded: this credit slip does not say beyond doubt what is to be given back. Type the amount, %s at most.', 'refundpanel'),
            SlipRefund::WHICH => $this->module->l('Nothing was refunded: several credit slips were made at the same time. Refund each of them here, %s at most.', 'refundpanel'),
            SlipRefund::FAILED => $this->module->l('Nothing was refunded for this credit slip: something went wrong in the shop, see the logs.', 'refundpanel'),
            SlipRefund::TOO_MUCH => $this->module->l('Nothing was refunded: this credit slip is over %s.', 'refundpanel'),
            SlipRefund::CLOSED => $this->module->l('No refund is due for credit slip %s any more.', 'refundpanel'),
            'access' => $this->module->l('Nothing was refunded: you may not change orders.', 'refundpanel'),
        ];
        return [in_array($result[0], SlipRefund::GOOD, true), str_replace('%s', $result[1], $words[$result[0]])];
    }

    private function payment(array $attempt): array
    {
        $isPaid = $attempt['status'] === 'paid';
        $payment = ['payment' => (string) $attempt['payment_id'], 'status' => $this->status($attempt), 'is_paid' => $isPaid];
        return $payment + ($isPaid ? $this->money($attempt) : []);
    }

    private function status(array $attempt): string
    {
        $words = [
            'created' => $this->module->l('not paid yet', 'refundpanel'),
            'pending' => $this->module->l('not paid yet', 'refundpanel'),
            'authorized' => $this->module->l('reserved', 'refundpanel'),
            'paid' => $this->module->l('paid', 'refundpanel'),
            'declined' => $this->module->l('declined', 'refundpanel'),
            'failed' => $this->module->l('failed', 'refundpanel'),
            'canceled' => $this->module->l('canceled', 'refundpanel'),
            'expired' => $this->module->l('expired', 'refundpanel'),
        ];
        return $words[$attempt['status']] ?? (string) $attempt['status'];
    }

    private function money(array $paid): array
    {
        list($amount, $currency) = [(int) $paid['amount'], (string) $paid['currency']];
        $returned = max($this->tables->returned($paid['payment_id']), (int) $paid['refunded']);
        $left = max(0, $amount - $returned);
        $unknown = $this->refunds->unknown($paid['payment_id']);
        return [
            'paid' => Decimal::told($amount, $currency),
            'returned' => Decimal::told($returned, $currency),
            'left' => Decimal::told($left, $currency),
            'is_left' => $left > 0,
            'most' => Money::toDecimal($left, $currency),
            'seen' => $this->tables->returned($paid['payment_id']),
            'currency' => $currency,
            'unknown' => $unknown === null ? null : Decimal::told((int) $unknown['amount'], $currency),
            'refunds' => array_map([$this, 'line'], $this->tables->refunds($paid['payment_id'])),
        ];
    }

    private function slips(PlacedOrder $placed): array
    {
        $open = array_merge([], ...array_map([$this->tables, 'openSlips'], $placed->ids()));
        return array_map([$this, 'slip'], $open);
    }

    private function slip(array $slip): array
    {
        $amount = (int) ($slip['amount'] ?? $slip['most']);
        $words = $this->module->l('Credit slip %1 over %2 was not refunded.', 'refundpanel');
        $result = $slip['refund_status'] === 'failed' ? [Refunds::REFUSED, (string) $slip['failure']] : [$slip['reason'], $slip['detail']];
        if ($slip['refund_status'] === Refunds::UNKNOWN) {
            $result = [Refunds::UNKNOWN, ''];
            $words = $this->module->l('Credit slip %1 over %2:', 'refundpanel');
        }
        $why = $result[0] === '' ? '' : ' ' . $this->words($result)[1];
        return [
            'id' => (int) $slip['slip_id'],
            'words' => strtr($words, ['%1' => (string) $slip['slip_id'], '%2' => Decimal::told($amount, $slip['currency'])]) . $why,
            'amount' => $slip['amount'] === null ? '' : Money::toDecimal($amount, $slip['currency']),
            'most' => Money::toDecimal((int) $slip['most'], $slip['currency']),
            'currency' => (string) $slip['currency'],
            'is_unknown' => $slip['refund_status'] === Refunds::UNKNOWN,
        ];
    }

    private function line(array $refund): array
    {
        $words = [
            'succeeded' => $this->module->l('refunded', 'refundpanel'),
            'pending' => $this->module->l('on its way', 'refundpanel'),
            'failed' => $this->module->l('failed', 'refundpanel'),
            'unknown' => $this->module->l('not known yet', 'refundpanel'),
        ];
        return [
            'time' => Moment::told($refund['asked_at']),
            'amount' => Decimal::told((int) $refund['amount'], $refund['currency']),
            'status' => $words[$refund['status']] ?? $refund['status'],
            'failure' => (string) $refund['failure'],
        ];
    }
}
