<?php

namespace PaymentBridge\PrestaShop\Tests;

use PHPUnit\Framework\TestCase;

/**
 * Whatever a shop has for an order's reference (PrestaShop 9 has room for 255 characters) is paid, refunded and canceled, or
 * refused before the customer pays (I24); and no page and no job ends with an error for it.
 */
final class OrderNumbersTest extends TestCase
{
    private const RANDOM = 60;
    private const SEED = 20261201;

    /** @var House */
    private $house;

    protected function setUp(): void
    {
        $this->house = new House();
    }

    /** @dataProvider numbers */
    public function testOrderOfEveryNumberIsPaidAndRefunded($number)
    {
        $this->order($number);
        $attempt = $this->start();
        self::assertSame([$number, 1], [$attempt['order_reference'], count($this->house->creates())]);
        $this->open('Return', $attempt);
        self::assertSame('open', $this->house->placed(1)->state());
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        self::assertSame(204, $this->house->tell());
        self::assertSame(['paid', ['49.99']], [$this->house->placed(1)->state(), $this->house->booked()]);
        $this->house->parts->refunds()->refund($this->house->placed(1), 4999, 3);
        self::assertSame([4999], array_values(array_column($this->house->bridge()->refunds, 'amount')));
    }

    /** @dataProvider numbers */
    public function testOrderOfEveryNumberIsCanceledInTheBackOfficeAndByCron($number)
    {
        foreach ([1, 2] as $order) {
            $this->order($number . $order);
            $this->house->parts->payments()->start($this->house->placed($order), 'wallet');
        }
        (new \OrderHistory())->changeIdOrderState(House::CANCELED, 1, true);
        $this->house->bridgeSays(['status' => 'expired'], 'pay_2');
        $this->house->db->run("UPDATE ps_payment_bridge_attempt SET updated_at = datetime('now', '-1 hour')");
        self::assertSame(200, $this->house->answer('Cron', ['key' => 'cron-key'])[0]);
        self::assertSame(['canceled', 'canceled'], [$this->house->placed(1)->state(), $this->house->placed(2)->state()]);
        self::assertSame('canceled', $this->house->bridge()->payments['pay_1']['status']);
        self::assertSame([], preg_grep('/^3 /', \PrestaShopLogger::$lines));
    }

    public function numbers()
    {
        $all = ['a blank' => ['No 7'], 'only a blank' => [' '], 'an umlaut' => ['Bestellung Ä7'], 'a quote' => ['7"'], 'an apostrophe' => ["7'; --"],
            'a backslash' => ['7\\'], 'a sign' => ['№7'], 'a tag' => ['<b>7</b>'], 'a picture' => ['🛒7'], 'a question' => ['7?'], 'braces' => ['{7}'],
            'as long as it may be' => [str_repeat('№', 63)]];
        mt_srand(self::SEED);
        for ($n = 0; $n < self::RANDOM; $n++) {
            $number = '';
            for ($length = mt_rand(1, 63); $length > 0; $length--) {
                $number .= mb_chr(mt_rand(0, 1) ? mt_rand(0x20, 0x7e) : mt_rand(0xa1, 0x2fff), 'UTF-8');
            }
            $all["random $n"] = [$number];
        }
        return $all;
    }

    /** @dataProvider refused */
    public function testOrderOfANumberThatCannotBeSentEndsBeforeTheCustomerPaysAndStopsNobody($number)
    {
        $this->order($number);
        list($kind) = $this->house->parts->visit()->start($this->house->placed(1), 'wallet', $this->house->context);
        self::assertSame([\PaymentBridge\PrestaShop\Visit::REFUSED, [], 'canceled'], [$kind, $this->house->creates(), $this->house->placed(1)->state()]);
        self::assertStringContainsString('more than 64 characters', implode($this->house->notes(1)));
        self::assertSame([House::CANCELED], $this->house->history(1));
        $this->house->context->controller->php_self = 'cart';
        $_SERVER['REQUEST_METHOD'] = 'GET';
        $this->house->module->hookActionFrontControllerSetMedia([]);
        $this->order('next one');
        $this->house->db->run("UPDATE ps_orders SET date_add = '2020-01-01 00:00:00'");
        self::assertSame(200, $this->house->answer('Cron', ['key' => 'cron-key'])[0]);
        self::assertSame('canceled', $this->house->placed(2)->state(), 'the next order has its turn');
    }

    public function refused()
    {
        return ['65 characters' => [str_repeat('9', 65)], '255 characters' => [str_repeat('№', 255)], 'no UTF-8' => ["7\xff"]];
    }

    /** @dataProvider ends */
    public function testCronAndCancelStopNobodyWhateverBreaks(callable $break)
    {
        $this->house->attempt($this->house->order());
        $this->house->bridgeSays([]);
        $break($this->house);
        $this->house->module->hookActionCronJob();
        (new \OrderHistory())->changeIdOrderState(House::CANCELED, 1, true);
        self::assertSame(House::CANCELED, (int) $this->house->db->one('SELECT current_state FROM ps_orders'));
        self::assertNotSame([], preg_grep('/^3 /', \PrestaShopLogger::$lines));
    }

    public function ends()
    {
        return [
            'the bridge is silent' => [static function (House $house) {
                $house->bridge()->loses = 99;
            }],
            'the bridge refuses' => [static function (House $house) {
                $house->bridge()->refuses = [403, ['code' => 'forbidden']];
                $house->bridge()->payments = [];
            }],
            'the module\'s tables are broken' => [static function (House $house) {
                $house->db->fails = 'payment_bridge_attempt';
            }],
        ];
    }

    private function order($number)
    {
        return $this->house->order('49.990000', 1, ['reference' => $number]);
    }

    private function start()
    {
        return $this->house->parts->payments()->start($this->house->placed(1), 'wallet');
    }

    private function open($page, array $attempt)
    {
        return $this->house->open("PaymentBridge{$page}ModuleFrontController", ['token' => $attempt['token']]);
    }
}
