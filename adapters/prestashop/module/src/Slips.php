<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\Money;

/**
 * PrestaShop's credit slips: what one of them says that the customer gets back.
 */
class Slips
{
    private const TYPED = 2; // order_slip_type: an amount that the merchant has typed, or shipping
    private const AMOUNTS = ['total_products_tax_incl', 'total_products_tax_excl', 'total_shipping_tax_incl', 'amount'];

    /** @var Database */
    private $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    /**
     * Return the newest slip of an order: its id and its amount in minor units; null if there is none over anything.
     *
     * @return array{0: int, 1: int}|null
     */
    public function newest(int $orderId, string $currency): ?array
    {
        $slip = $this->database->row('SELECT * FROM {order_slip} WHERE id_order = ? ORDER BY id_order_slip DESC LIMIT 1', [$orderId]);
        if ($slip === null) {
            return null;
        }
        $part = array_map(function ($number) use ($currency) {
            return Money::toMinor($this->positive($number), $currency);
        }, array_intersect_key($slip, array_flip(self::AMOUNTS)));
        $products = $part['total_products_tax_incl'];
        // Where nothing was typed, the amount repeats the products', with taxes or without.
        $isTyped = (int) $slip['order_slip_type'] === self::TYPED
            && !in_array($part['amount'], [$products, $part['total_products_tax_excl']], true);
        $amount = $part['total_shipping_tax_incl'] + ($isTyped ? $part['amount'] : $products);
        return $amount > 0 ? [(int) $slip['id_order_slip'], $amount] : null;
    }

    private function positive($number): string
    {
        $text = Decimal::text($number === null ? '0' : $number);
        return strncmp($text, '-', 1) === 0 ? '0' : $text;
    }
}
