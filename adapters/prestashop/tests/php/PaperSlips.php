<?php

namespace PaymentBridge\PrestaShop\Tests;

/**
 * Credit slips as PrestaShop stores them: the arithmetic of OrderRefundCalculator with OrderSlipCreator (1.7.8.8, 8.2.0 and
 * 9.1.4 are the same), and of the standard refund before 1.7.7, in a few lines. Prices are in cents; amounts are rounded per line.
 */
final class PaperSlips
{
    private const LEFT_OUT = 1;
    private const TYPED = 2;

    /**
     * Return the columns of a slip, and its lines.
     *
     * @param array<int, array{0: int, 1: int}> $lines what the merchant typed or left as it was, in cents as the shop shows prices; the tax rate in percent
     * @param array<string, int> $form `shipping` (cents as shown), `vouchers` and `vouchers_net` of the order, `left_out` (1: vouchers are left out), `typed` (cents)
     * @return array{0: array<string, mixed>, 1: array<int, array<string, string>>}
     */
    public static function make(bool $isGross, array $lines, array $form = []): array
    {
        return self::slip($isGross, $lines, $form, $form['vouchers'] ?? 0);
    }

    /** The standard refund of 1.7.6: always from prices without taxes, whatever the shop shows; vouchers as the shop shows them. */
    public static function old(bool $isGross, array $linesNet, array $form = []): array
    {
        return self::slip(false, $linesNet, $form, $form[$isGross ? 'vouchers' : 'vouchers_net'] ?? 0);
    }

    private static function slip(bool $isGross, array $lines, array $form, int $vouchers): array
    {
        $sum = ['incl' => 0, 'excl' => 0];
        $details = [];
        list($shown, $other) = $isGross ? ['incl', 'excl'] : ['excl', 'incl'];
        foreach ($lines as list($cents, $rate)) {
            $taxed = self::taxed($isGross, $cents, $rate);
            $sum[$shown] += $cents;
            $sum[$other] += $taxed;
            $details[] = ["total_price_tax_$shown" => self::text($cents), "total_price_tax_$other" => self::text($taxed)];
        }
        $isLeftOut = !empty($form['left_out']) && $vouchers > 0;
        $isTyped = isset($form['typed']);
        $amount = $form['typed'] ?? $sum[$shown];
        $sum[$other] -= $isLeftOut ? $vouchers : 0;
        $shipping = $form['shipping'] ?? 0;
        return [[
            'order_slip_type' => $isTyped || $shipping > 0 ? self::TYPED : ($isLeftOut ? self::LEFT_OUT : 0),
            'amount' => self::text($amount),
            'total_products_tax_incl' => self::text($sum['incl']),
            'total_products_tax_excl' => self::text($sum['excl']),
            'total_shipping_tax_incl' => self::text($isGross ? $shipping : self::taxed(false, $shipping, 19)),
        ], $details];
    }

    private static function taxed(bool $isGross, int $cents, int $rate): int
    {
        return (int) round($isGross ? $cents / (1 + $rate / 100) : $cents * (1 + $rate / 100));
    }

    private static function text(int $cents): string
    {
        return number_format($cents / 100, 6, '.', '');
    }
}
