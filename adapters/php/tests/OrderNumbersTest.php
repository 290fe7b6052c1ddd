<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\ApiException;
use PaymentBridge\Core\BridgeException;
use PaymentBridge\Core\Client;
use PaymentBridge\Core\Mark;
use PaymentBridge\Core\Row;
use PHPUnit\Framework\TestCase;

/**
 * Whatever a platform allows as an order number can be paid and given up, or is refused before the customer pays. I24.
 */
final class OrderNumbersTest extends TestCase
{
    private const SEED = 20261201;
    private const TIMES = 300;
    private const LETTERS = ['a', 'Z', '0', ' ', '"', '\\', "'", '/', '№', 'ä', 'ß', '~', '-', '€', '漢', '😀', '%', '&', '<', '#', ','];

    /** @dataProvider numbers */
    public function testOrderIsPaidUnderItsNumberAndCanBeGivenUp($number)
    {
        $payments = $this->payments($number);
        $attempt = $payments->start();
        self::assertSame($number, $payments->bridge->payments['pay_1']['order_reference']);
        self::assertSame($attempt['payment_id'], $payments->start()['payment_id']);
        self::assertTrue($payments->isGivenUp($attempt));
    }

    public function numbers()
    {
        $special = ['1', 'A B', 'Bestellung Ä 7', '"7"', 'a\\b', '№ 7', ' 7 ', str_repeat('9', 64), str_repeat('№', 64), '7~0a1b2c3d', '0'];
        foreach (array_merge($special, $this->random(self::TIMES, Mark::LONGEST)) as $number) {
            yield rawurlencode($number) => [$number];
        }
    }

    public function testNumberThatIsTooLongOrNoTextIsRefusedBeforeTheCustomerPaysWithAnExceptionOfTheCore()
    {
        $long = array_map(static function ($number) {
            return $number . str_repeat('x', 64);
        }, $this->random(50, 64));
        foreach (array_merge($long, [str_repeat('№', 65), "M\xfcller", '', "a\xc3"]) as $number) {
            $payments = $this->payments($number);
            try {
                $payments->start();
                self::fail('nothing was refused');
            } catch (ApiException $refused) {
                self::assertSame([[], []], [$payments->bridge->asked, $payments->attempts->rows]);
                self::assertSame(['canceled', [$refused->detail()]], [$payments->shop->order, $payments->ended]);
            }
        }
    }

    /** @dataProvider stored */
    public function testStoredKeyStaysAsItIsUnlessItCouldNeverBeSent($stored, $isKept)
    {
        $key = Row::key(['idempotency_key' => $stored]);
        self::assertSame([$isKept, true], [$key === $stored, Client::isKey($key)]);
        self::assertSame($key, Row::key(['idempotency_key' => $stored]));
    }

    public function stored()
    {
        return [['order-100000123-1-0123456789abcdef', true], ['order-A B-1-0123456789abcdef', false], ['order-№-1-01', false],
            ['order-"7"-1-01', false], ['order-a\\b-1-01', false], ['', false]];
    }

    public function testAttemptStoredWithAKeyThatCouldNeverBeSentIsAskedForUnderAnother()
    {
        $home = 'https://shop.example/done?token=' . DecisionTest::TOKEN;
        $body = ['order_reference' => 'A 7', 'amount' => 4999, 'currency' => 'EUR', 'return_url' => $home];
        $payments = $this->stuck('order-A 7-1-0123456789abcdef', json_encode($body));
        self::assertSame('pay_1', $payments->start()['payment_id']);
        self::assertSame('pay_1', $payments->start()['payment_id']);
    }

    public function testCancelOfAnAttemptStoredWithSuchAKeyIsNoAccident()
    {
        $payments = $this->stuck('order-A 7-1-01', '');
        self::assertTrue($payments->isGivenUp($payments->attempts->rows[1]));
        self::assertSame([], $payments->bridge->asked);
    }

    public function testAttemptWhoseStoredRequestCannotBeReadEndsItsOrder()
    {
        $payments = $this->stuck('order-7-1-01', '');
        try {
            $payments->start();
            self::fail('nothing was refused');
        } catch (BridgeException $refused) {
            self::assertSame(['canceled', 'failed'], [$payments->shop->order, $payments->attempts->rows[1]['status']]);
        }
    }

    public function testAmountThatIsNoneEndsTheOrderWithAnExceptionOfTheCore()
    {
        $payments = $this->payments('7');
        $payments->wrong = new \InvalidArgumentException('The amount is too large.');
        $this->expectException(ApiException::class);
        try {
            $payments->start();
        } finally {
            self::assertSame(['The amount is too large.'], $payments->ended);
        }
    }

    private function payments($number)
    {
        $payments = new PaperPayments();
        $payments->number = $number;
        return $payments;
    }

    /** An order as a version before this one has left it: its request could not be sent, ever. */
    private function stuck($key, $body)
    {
        $payments = $this->payments('A 7');
        $payments->attempts->addAttempt(['order_id' => PaperPayments::ORDER, 'order_reference' => 'A 7', 'store_id' => 1, 'attempt' => 1,
            'token' => DecisionTest::TOKEN, 'idempotency_key' => $key, 'body' => $body, 'amount' => 4999, 'currency' => 'EUR']);
        return $payments;
    }

    private function random($times, $longest)
    {
        mt_srand(self::SEED);
        $numbers = [];
        for ($i = 0; $i < $times; $i++) {
            $number = '';
            for ($length = mt_rand(1, $longest); $length > 0; $length--) {
                $number .= self::LETTERS[mt_rand(0, count(self::LETTERS) - 1)];
            }
            $numbers[] = $number;
        }
        return array_values(array_unique($numbers));
    }
}
