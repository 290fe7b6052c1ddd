<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

/**
 * Magento's amounts as decimal text: text from the database, a float where Magento has just computed.
 */
class Amount
{
    /**
     * Return decimal text with four places, as the database has it.
     */
    public static function text(mixed $number): string
    {
        $text = is_float($number) || is_int($number) ? number_format($number, 4, '.', '') : (string) $number;
        return bcadd($text === '' ? '0' : $text, '0', 4);
    }
}
