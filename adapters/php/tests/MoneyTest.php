<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\Money;
use PHPUnit\Framework\TestCase;

final class MoneyTest extends TestCase
{
    /** @dataProvider amounts */
    public function testToMinorWithShopTextIsExact($decimal, $currency, $minor)
    {
        self::assertSame($minor, Money::toMinor($decimal, $currency));
    }

    public function amounts()
    {
        return [
            ['49.99', 'EUR', 4999], ['49.9900', 'EUR', 4999], ['0.29', 'EUR', 29], ['1.15', 'EUR', 115],
            ['0.005', 'EUR', 1], ['0.0049', 'EUR', 0], ['9.995', 'EUR', 1000], ['0', 'EUR', 0], ['7', 'EUR', 700],
            ['1234', 'JPY', 1234], ['1234.5000', 'JPY', 1235], ['1234.4999', 'JPY', 1234],
            ['1.2345', 'KWD', 1235], ['1.234', 'KWD', 1234], ['000012.30', 'EUR', 1230],
            ['10000000000.00', 'EUR', Money::MOST],
        ];
    }

    /** @dataProvider rubbish */
    public function testToMinorWithRubbishIsRefused($decimal)
    {
        $this->expectException(\InvalidArgumentException::class);
        Money::toMinor($decimal, 'EUR');
    }

    public function rubbish()
    {
        return [
            [49.99], [4999], [null], [true], [''], ['-1.00'], ['1,00'], ['1e3'], ['1.'], ['.5'], [' 1'], ["1\n"],
            ['1.00 EUR'], ['٣'], ['10000000000.01'], ['999999999999'], [['1']],
        ];
    }

    /** @dataProvider amounts */
    public function testToDecimalAndBackIsTheSame($decimal, $currency, $minor)
    {
        self::assertSame($minor, Money::toMinor(Money::toDecimal($minor, $currency), $currency));
    }

    public function testToDecimalWithPlacesOfTheCurrencyIsWhatPeopleRead()
    {
        self::assertSame(
            ['49.99', '0.05', '1234', '1.235', '0'],
            [Money::toDecimal(4999, 'EUR'), Money::toDecimal(5, 'EUR'), Money::toDecimal(1234, 'JPY'),
                Money::toDecimal(1235, 'KWD'), Money::toDecimal(0, 'JPY')]
        );
    }

    /** @dataProvider strangeCurrencies */
    public function testDigitsWithStrangeCurrencyIsRefused($currency)
    {
        $this->expectException(\InvalidArgumentException::class);
        Money::digits($currency);
    }

    public function strangeCurrencies()
    {
        return [['eur'], ['EURO'], [''], [null], ["EUR\n"]];
    }
}
