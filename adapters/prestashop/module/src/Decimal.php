<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\Money;

/**
 * PrestaShop's amounts as decimal text: text from the database, a float where PrestaShop has just computed; and what
 * a merchant types.
 */
final class Decimal
{
    /**
     * Return decimal text.
     *
     * @param float|int|string $number
     */
    public static function text($number): string
    {
        return is_string($number) ? $number : number_format($number, 6, '.', '');
    }

    /**
     * Return the minor units of an amount as typed: "12,50", "12.5" or "12"; null if it is nothing of the kind.
     *
     * A thousands separator is refused, because nobody can say which one is meant, and so are excess digits.
     */
    public static function typed(string $typed, string $currency): ?int
    {
        $text = str_replace(',', '.', trim($typed));
        $places = Money::digits($currency);
        $fraction = $places === 0 ? '' : '(\.[0-9]{1,' . $places . '})?';
        if (!preg_match('/\A[0-9]{1,10}' . $fraction . '\z/', $text)) {
            return null;
        }
        $amount = Money::toMinor($text, $currency);
        return $amount > 0 ? $amount : null;
    }

    /**
     * Return an amount for people: "12.50 EUR".
     */
    public static function told(int $amount, string $currency): string
    {
        return Money::toDecimal($amount, $currency) . ' ' . $currency;
    }
}
