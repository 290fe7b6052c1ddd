<?php

namespace PaymentBridge\Core;

/**
 * Decimal text to whole minor units and back, digit by digit: no float ever holds an amount.
 *
 * Shops keep amounts as decimal text ("49.9900") or, worse, as floats; give the latter through
 * number_format($x, 4, '.', ''). More digits than the currency has are rounded half up, once.
 */
final class Money
{
    public const MOST = 1000000000000; // minor units, the API's limit
    public const USUAL = 2;
    public const DIGITS = [
        'BIF' => 0, 'CLP' => 0, 'DJF' => 0, 'GNF' => 0, 'ISK' => 0, 'JPY' => 0, 'KMF' => 0, 'KRW' => 0, 'PYG' => 0,
        'RWF' => 0, 'UGX' => 0, 'UYI' => 0, 'VND' => 0, 'VUV' => 0, 'XAF' => 0, 'XOF' => 0, 'XPF' => 0,
        'BHD' => 3, 'IQD' => 3, 'JOD' => 3, 'KWD' => 3, 'LYD' => 3, 'OMR' => 3, 'TND' => 3,
        'CLF' => 4, 'UYW' => 4,
    ];

    /**
     * Return how many decimal places a currency has (ISO 4217).
     *
     * @param string $currency
     * @return int
     */
    public static function digits($currency)
    {
        if (!is_string($currency) || !preg_match('/\A[A-Z]{3}\z/', $currency)) {
            throw new \InvalidArgumentException('A currency is three capital letters.');
        }
        return isset(self::DIGITS[$currency]) ? self::DIGITS[$currency] : self::USUAL;
    }

    /**
     * Return whole minor units of a decimal text with a point, rounded half up where it has too many places.
     *
     * @param string $decimal "49.9900"; neither a float nor negative
     * @param string $currency
     * @return int
     */
    public static function toMinor($decimal, $currency)
    {
        $digits = self::digits($currency);
        if (!is_string($decimal) || !preg_match('/\A([0-9]{1,12})(?:\.([0-9]{1,12}))?\z/', $decimal, $part)) {
            throw new \InvalidArgumentException('An amount is a decimal text with a point, not negative.');
        }
        $fraction = str_pad(isset($part[2]) ? $part[2] : '', $digits + 1, '0');
        $whole = ltrim($part[1] . substr($fraction, 0, $digits), '0');
        if (strlen($whole) > 13) {
            throw new \InvalidArgumentException('The amount is too large.');
        }
        $amount = (int) ('0' . $whole) + ($fraction[$digits] >= '5' ? 1 : 0);
        if ($amount > self::MOST) {
            throw new \InvalidArgumentException('The amount is too large.');
        }
        return $amount;
    }

    /**
     * Return minor units as decimal text with the currency's places: 4999, EUR: "49.99".
     *
     * @param int $amount
     * @param string $currency
     * @return string
     */
    public static function toDecimal($amount, $currency)
    {
        if (!is_int($amount) || $amount < 0) {
            throw new \InvalidArgumentException('An amount is a whole number of minor units, not negative.');
        }
        $digits = self::digits($currency);
        $text = str_pad((string) $amount, $digits + 1, '0', STR_PAD_LEFT);
        return $digits === 0 ? $text : substr($text, 0, -$digits) . '.' . substr($text, -$digits);
    }
}
