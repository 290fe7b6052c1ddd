<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\Money;

/**
 * What one of PrestaShop's credit slips gives back, with taxes, in minor units of the order's currency.
 *
 * Read in OrderSlip::create (1.7.6) and in OrderSlipCreator with OrderRefundCalculator (1.7.8.8, 8.2.0, 9.1.4), which agree:
 * - A slip has the sum of its products with taxes and without. Where the merchant leaves the order's vouchers out, they are
 *   taken from one of the two sums only: from the one without taxes in a shop that shows prices with taxes, else from the other.
 * - `order_slip_type` is 1 in that case, but 2 overwrites it when shipping is given back as well.
 * - `amount` repeats the sum of the products as the shop shows its prices, or is an amount that the merchant typed, with taxes
 *   or without as the shop shows its prices.
 * The lines of a slip are never reduced. So the difference between lines and sums tells whether the vouchers were left out.
 *
 * PrestaShop computes with prices without taxes where the shop shows them with taxes: before 1.7.7 in a standard refund, where
 * nothing is typed, and since then if somebody has loaded the customer's group in the same request (it compares "0" with 0). What
 * was typed as an amount with taxes is then taken for one without.
 */
final class CreditSlip
{
    public const WITH_TAXES = 0; // display_method
    private const VOUCHERS_LEFT_OUT = 1; // order_slip_type
    private const TYPED = 2; // order_slip_type: an amount that was typed, or shipping

    /** @var string */
    private $currency;

    /** @var bool whether the customer's group is shown prices with taxes */
    private $isGross;

    /** @var bool whether PrestaShop computes as if it were the other way round */
    private $isMixedUp;

    /** @var int order_slip_type */
    private $type;

    /** @var int[] minor units by name */
    private $part = [];

    /** @var int how far sums of rounded lines may be from a rounded sum, in minor units */
    private $tolerance;

    /**
     * @param array<string, mixed> $row the slip's columns, with `line_count`, `lines_incl` and `lines_excl` (the sums of its lines),
     *                                  `vouchers_incl`, `vouchers_excl` and `order_shipping` (of the order), the
     *                                  `display_method` of the customer's group, and `is_mixed_up`: PrestaShop computes
     *                                  as if it were another one
     */
    public function __construct(array $row, string $currency)
    {
        $this->currency = $currency;
        $this->isGross = (int) $row['display_method'] === self::WITH_TAXES;
        $this->type = (int) $row['order_slip_type'];
        $this->isMixedUp = (bool) $row['is_mixed_up'];
        $this->tolerance = (int) $row['line_count'] + 1;
        $names = [
            'gross' => 'total_products_tax_incl', 'net' => 'total_products_tax_excl', 'shipping' => 'total_shipping_tax_incl', 'amount' => 'amount',
            'lines_gross' => 'lines_incl', 'lines_net' => 'lines_excl', 'vouchers' => 'vouchers_incl', 'vouchers_net' => 'vouchers_excl',
            'order_shipping' => 'order_shipping',
        ];
        foreach ($names as $name => $column) {
            $this->part[$name] = $this->minor($row[$column]);
        }
    }

    /**
     * Return what is given back; null where the slip does not say it beyond doubt.
     */
    public function amount(): ?int
    {
        $products = $this->isTyped() ? $this->typed() : $this->products();
        $amount = $products === null ? null : $products + $this->part['shipping'];
        return $amount !== null && $amount > 0 ? $amount : null;
    }

    /**
     * Return what is given back at most.
     */
    public function most(): int
    {
        $products = $this->isTyped() ? $this->typedWithTaxes() : max($this->part['gross'], $this->part['lines_gross']);
        return $this->amount() ?? max(0, $products + $this->part['shipping']);
    }

    private function products(): ?int
    {
        if (!$this->isAsShown()) {
            return null;
        }
        $reduced = $this->reduction();
        return $reduced === null ? null : $this->part['gross'] + $reduced - ($this->areVouchersLeftOut() ? $this->part['vouchers'] : 0);
    }

    /**
     * Tell whether what the merchant has seen is surely what PrestaShop has computed with.
     */
    private function isAsShown(): bool
    {
        if ($this->isMixedUp) {
            $isWholeShipping = in_array($this->part['shipping'], [0, $this->part['order_shipping']], true);
            return $isWholeShipping && $this->part['lines_gross'] === $this->part['lines_net'];
        }
        // 1.7.6 stores a standard refund so; with shipping, an amount that was typed looks the same.
        return $this->isAmount($this->shown()) || ($this->type !== self::TYPED && ($this->isAmount('gross') || $this->isAmount('net')));
    }

    /**
     * Return by how much the sum with taxes was reduced already; null where that is no voucher.
     */
    private function reduction(): ?int
    {
        $missing = $this->part['lines_gross'] - $this->part['gross'];
        $missingNet = $this->part['lines_net'] - $this->part['net'];
        if (!$this->areVouchersLeftOut()) {
            return $this->isNear($missing, 0) && $this->isNear($missingNet, 0) && !$this->isDoubtful() ? 0 : null;
        }
        if ($this->isNear($missing, 0) && $this->isVoucher($missingNet)) {
            return 0;
        }
        // 1.7.6 takes the vouchers without taxes from the sum with taxes.
        $taken = $this->isNear($missing, $this->part['vouchers']) ? $this->part['vouchers'] : $this->part['vouchers_net'];
        return $this->isNear($missingNet, 0) && $this->isNear($missing, $taken) ? $taken : null;
    }

    private function areVouchersLeftOut(): bool
    {
        if ($this->type !== self::TYPED) {
            return $this->type === self::VOUCHERS_LEFT_OUT;
        }
        $missing = [$this->part['lines_gross'] - $this->part['gross'], $this->part['lines_net'] - $this->part['net']];
        return $this->part['vouchers'] > 0 && !$this->isDoubtful() && ($this->isVoucher($missing[0]) || $this->isVoucher($missing[1]));
    }

    /**
     * Tell whether the vouchers are so small that rounding looks the same, and the type does not say.
     */
    private function isDoubtful(): bool
    {
        return $this->type === self::TYPED && $this->part['vouchers'] > 0 && $this->part['vouchers_net'] <= 2 * $this->tolerance;
    }

    private function isTyped(): bool
    {
        return $this->type === self::TYPED && !$this->isAmount($this->shown()) && !($this->isGross && $this->isAmount('net'));
    }

    /**
     * Return which of the two sums is the one that the merchant has seen.
     */
    private function shown(): string
    {
        return $this->isGross ? 'gross' : 'net';
    }

    private function typed(): ?int
    {
        $isUntaxed = $this->part['lines_gross'] > 0 && $this->part['lines_gross'] === $this->part['lines_net'];
        return $this->isGross || $isUntaxed ? $this->part['amount'] : null;
    }

    private function typedWithTaxes(): int
    {
        list($amount, $gross, $net) = [$this->part['amount'], $this->part['lines_gross'], $this->part['lines_net']];
        $isTaxed = !$this->isGross && $gross > $net && $net > 0 && $amount <= intdiv(PHP_INT_MAX, $gross);
        return $isTaxed ? intdiv($amount * $gross, $net) : $amount;
    }

    private function isAmount(string $name): bool
    {
        return $this->part['amount'] === $this->part[$name];
    }

    private function isVoucher(int $difference): bool
    {
        return $this->isNear($difference, $this->part['vouchers']) || $this->isNear($difference, $this->part['vouchers_net']);
    }

    private function isNear(int $one, int $other): bool
    {
        return abs($one - $other) <= $this->tolerance;
    }

    private function minor($number): int
    {
        $text = Decimal::text($number === null ? '0' : $number);
        $isNegative = strncmp($text, '-', 1) === 0; // vouchers that were taken from less
        $minor = Money::toMinor($isNegative ? substr($text, 1) : $text, $this->currency);
        return $isNegative ? -$minor : $minor;
    }
}
