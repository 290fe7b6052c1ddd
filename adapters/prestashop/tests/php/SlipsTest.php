<?php

namespace PaymentBridge\PrestaShop\Tests;

use PaymentBridge\PrestaShop\Refunds;
use PaymentBridge\PrestaShop\SlipRefund;
use PHPUnit\Framework\TestCase;

/**
 * Credit slips, where the merchant has them refunded: what the order's page offers goes back, or nothing, and somebody is told.
 */
final class SlipsTest extends TestCase
{
    private const GROSS = true;
    private const NET = false;

    /** @var House */
    private $house;

    protected function setUp(): void
    {
        $this->house = new House();
        $this->house->paidPayment($this->house->order('200.000000'));
        $this->house->context->employee = (object) ['id' => 3, 'id_profile' => 1];
        $this->house->set('REFUND_ON_SLIP', '1');
    }

    public function testSlipRefundsNothingUnlessTheMerchantWantsItSo()
    {
        $this->house->set('REFUND_ON_SLIP', '0');
        $this->slip(PaperSlips::make(self::GROSS, [[1000, 19]]));
        self::assertSame([[], []], [$this->refunded(), $this->panel()]);
    }

    /** @dataProvider clear */
    public function testSlipIsRefundedAsTheOrdersPageOffersIt($isGross, array $slip, $expected, array $vouchers = [])
    {
        $this->shows($isGross);
        $this->slip($slip, $vouchers);
        self::assertSame([[$expected], []], [$this->refunded(), $this->panel()]);
    }

    public function clear()
    {
        $v = ['vouchers' => 500, 'vouchers_net' => 420];
        $out = $v + ['left_out' => 1];
        return [
            'products' => [self::GROSS, PaperSlips::make(self::GROSS, [[1190, 19], [535, 7]]), 1725],
            'products, net' => [self::NET, PaperSlips::make(self::NET, [[1000, 19], [500, 7]]), 1725],
            'a part of a line, typed with taxes' => [self::GROSS, PaperSlips::make(self::GROSS, [[333, 19]]), 333],
            'a part of a line, typed without taxes' => [self::NET, PaperSlips::make(self::NET, [[333, 19]]), 396],
            'shipping' => [self::GROSS, PaperSlips::make(self::GROSS, [], ['shipping' => 499]), 499],
            'shipping, net' => [self::NET, PaperSlips::make(self::NET, [], ['shipping' => 419]), 499],
            'products and shipping' => [self::GROSS, PaperSlips::make(self::GROSS, [[1190, 19]], ['shipping' => 499]), 1689],
            'products and shipping, net' => [self::NET, PaperSlips::make(self::NET, [[1000, 19]], ['shipping' => 419]), 1689],
            'vouchers left out' => [self::GROSS, PaperSlips::make(self::GROSS, [[3451, 19]], $out), 2951, $v],
            'vouchers left out, net' => [self::NET, PaperSlips::make(self::NET, [[2900, 19]], $out), 2951, $v],
            'vouchers not left out' => [self::GROSS, PaperSlips::make(self::GROSS, [[3451, 19]], $v), 3451, $v],
            'vouchers not left out, net' => [self::NET, PaperSlips::make(self::NET, [[2900, 19]], $v), 3451, $v],
            'vouchers left out, and shipping' => [self::GROSS, PaperSlips::make(self::GROSS, [[3451, 19]], $out + ['shipping' => 499]), 3450, $v],
            'vouchers left out, and shipping, net' => [self::NET, PaperSlips::make(self::NET, [[2900, 19]], $out + ['shipping' => 419]), 3450, $v],
            'vouchers not left out, and shipping' => [self::GROSS, PaperSlips::make(self::GROSS, [[3451, 19]], $v + ['shipping' => 499]), 3950, $v],
            'vouchers not left out, and shipping, net' => [self::NET, PaperSlips::make(self::NET, [[2900, 19]], $v + ['shipping' => 419]), 3950, $v],
            'more vouchers than the sum without taxes' => [self::GROSS, PaperSlips::make(self::GROSS, [[1190, 19]], ['vouchers' => 1100, 'left_out' => 1]), 90,
                ['vouchers' => 1100, 'vouchers_net' => 924]],
            'an amount, with taxes' => [self::GROSS, PaperSlips::make(self::GROSS, [[1190, 19]], ['typed' => 700]), 700],
            'an amount, with taxes, and shipping' => [self::GROSS, PaperSlips::make(self::GROSS, [[1190, 19]], ['typed' => 700, 'shipping' => 499]), 1199],
            'an amount where there are no taxes' => [self::NET, PaperSlips::make(self::NET, [[1190, 0]], ['typed' => 700]), 700],
            '1.7.6, standard' => [self::GROSS, PaperSlips::old(self::GROSS, [[1000, 19]]), 1190],
            '1.7.6, standard, vouchers left out' => [self::GROSS, PaperSlips::old(self::GROSS, [[2900, 19]], $out), 2951, $v],
            '1.7.6, standard, vouchers left out, net' => [self::NET, PaperSlips::old(self::NET, [[2900, 19]], $out), 2951, $v],
        ];
    }

    /** @dataProvider unclear */
    public function testSlipThatDoesNotSayWhatIsMeantRefundsNothingAndThePanelAsks($isGross, array $slip, $most, array $vouchers = [])
    {
        $this->shows($isGross);
        $this->slip($slip, $vouchers);
        self::assertSame([], $this->refunded());
        list($asked) = $this->panel();
        self::assertSame(['', $most], [$asked['amount'], $asked['most']]);
        $this->again('0.01', 1);
        self::assertSame([1], $this->refunded());
    }

    public function unclear()
    {
        $v = ['vouchers' => 4, 'vouchers_net' => 3];
        return [
            'an amount, without taxes' => [self::NET, PaperSlips::make(self::NET, [[1000, 19]], ['typed' => 700]), '8.33'],
            'an amount that is the sum with taxes, without taxes' => [self::NET, PaperSlips::make(self::NET, [[1000, 19]], ['typed' => 1190]), '14.16'],
            'an amount that is the sum without taxes, with taxes' => [self::GROSS, PaperSlips::make(self::GROSS, [[1190, 19]], ['typed' => 1000]), '11.90'],
            '1.7.6, standard with shipping' => [self::GROSS, PaperSlips::old(self::GROSS, [[1000, 19]], ['shipping' => 419]), '16.89'],
            'a voucher as small as rounding, with shipping' => [self::GROSS, PaperSlips::make(self::GROSS, [[1190, 19]], $v + ['left_out' => 1, 'shipping' => 499]), '16.89', $v],
            'sums that nothing explains' => [self::GROSS, [['order_slip_type' => 0, 'amount' => '11.900000', 'total_products_tax_incl' => '11.900000',
                'total_products_tax_excl' => '10.000000'], [['total_price_tax_incl' => '9.000000', 'total_price_tax_excl' => '7.560000']]], '11.90'],
        ];
    }

    /** @dataProvider mixedUp */
    public function testSlipThatPrestaShopHasComputedTheOtherWayRoundIsRefundedOnlyWhereThatIsTheSame($isGross, array $slip, array $expected)
    {
        $this->shows($isGross);
        \Group::$isLoaded = true;
        $this->slip($slip);
        self::assertSame([$expected, $expected ? 0 : 1], [$this->refunded(), count($this->panel())]);
    }

    public function mixedUp()
    {
        return [
            'typed with taxes, taken for an amount without' => [self::GROSS, PaperSlips::make(self::NET, [[333, 19]]), []],
            'the same with shipping' => [self::GROSS, PaperSlips::make(self::NET, [[333, 19]], ['shipping' => 419]), []],
            'a part of the shipping' => [self::GROSS, PaperSlips::make(self::NET, [], ['shipping' => 300]), []],
            'all of the shipping' => [self::GROSS, PaperSlips::make(self::NET, [], ['shipping' => 419]), [499]],
            'without taxes' => [self::GROSS, PaperSlips::make(self::NET, [[333, 0]]), [333]],
            'a shop that shows none is computed right' => [self::NET, PaperSlips::make(self::NET, [[333, 19]]), [396]],
        ];
    }

    public function testAmountThatIsTypedForASlipIsNeverMoreThanTheSlipSays()
    {
        $this->shows(self::NET);
        $this->slip(PaperSlips::make(self::NET, [[1000, 19]], ['typed' => 700]));
        $this->again('8.34', 1);
        self::assertSame([], $this->refunded());
        self::assertStringContainsString('this credit slip is over 8.33 EUR', $this->house->context->cookie->paymentbridge_said);
    }

    public function testSlipOfTheSameAmountTwiceIsTwoRefundsAndTheSameSlipOne()
    {
        $this->slip(PaperSlips::make(self::GROSS, [[1000, 19]]));
        $this->slip(PaperSlips::make(self::GROSS, [[1000, 19]]));
        $this->hook();
        self::assertSame([1000, 1000], $this->refunded());
    }

    public function testSlipThatPrestaShopNamesIsTheOneThatIsRefunded()
    {
        $this->put(PaperSlips::make(self::GROSS, [[1000, 19]]));
        $this->put(PaperSlips::make(self::GROSS, [[2000, 19]]));
        $this->hook(['orderSlipCreated' => (object) ['id' => 1]]);
        self::assertSame([1000], $this->refunded());
    }

    public function testSlipsMadeAtTheSameMomentAreAllAskedForBecauseNobodyKnowsWhichIsWhose()
    {
        $this->put(PaperSlips::make(self::GROSS, [[1000, 19]]));
        $this->slip(PaperSlips::make(self::GROSS, [[2000, 19]]));
        self::assertSame([[], [1, 2]], [$this->refunded(), array_column($this->panel(), 'id')]);
        $this->again('20.00', 2);
        self::assertSame([[2000], [1]], [$this->refunded(), array_column($this->panel(), 'id')]);
    }

    public function testSlipOfLongAgoIsNotRefundedWithTheNewOne()
    {
        $this->put(PaperSlips::make(self::GROSS, [[1000, 19]]), '2026-01-01 12:00:00');
        $this->slip(PaperSlips::make(self::GROSS, [[2000, 19]]));
        self::assertSame([[2000], []], [$this->refunded(), $this->panel()]);
    }

    public function testSlipForAVoucherRefundsNoMoneyThenOrLater()
    {
        foreach ([['cancel_product' => ['voucher' => '1']], ['generateDiscount' => '1'], ['generateDiscountRefund' => '1']] as $values) {
            \Tools::$values = $values;
            $this->slip(PaperSlips::make(self::GROSS, [[1000, 19]]));
        }
        \Tools::$values = [];
        $this->slip(PaperSlips::make(self::GROSS, [[700, 19]]));
        self::assertSame([[700], []], [$this->refunded(), $this->panel()]);
    }

    public function testSlipThatBrokeInTheShopStandsInTheLogAndOnThePageAndThrowsNothing()
    {
        $this->house->db->fails = 'INSERT INTO `ps_payment_bridge_refund`';
        $this->slip(PaperSlips::make(self::GROSS, [[1000, 19]]));
        $this->house->db->fails = '';
        $this->assertTold('something went wrong in the shop');
        self::assertSame([[], ['10.00']], [$this->refunded(), array_column($this->panel(), 'amount')]);
    }

    public function testSlipMadeWhileAnotherRefundIsInDoubtIsToldAndCanBeSentLater()
    {
        $this->house->bridge()->loses = 1;
        $this->house->parts->refunds()->refund($this->house->placed(1), 1500, 3);
        $this->slip(PaperSlips::make(self::GROSS, [[1000, 19]]));
        $this->assertTold('it is not known yet what became of 15.00 EUR');
        self::assertSame([1500], $this->refunded());
        $this->house->parts->refunds()->again($this->house->placed(1));
        $this->again('10.00', 1);
        self::assertSame([[1500, 1000], []], [$this->refunded(), $this->panel()]);
    }

    public function testSlipThatTheBridgeRefusesIsToldAndCanBeSentAgain()
    {
        $this->house->bridge()->refundStatus = 'failed';
        $this->slip(PaperSlips::make(self::GROSS, [[1000, 19]]));
        $this->assertTold('Nothing was refunded: ');
        $this->house->bridge()->refundStatus = 'succeeded';
        $this->again('10.00', 1);
        self::assertSame([1000, []], [$this->house->parts->tables()->returned('pay_1'), $this->panel()]);
    }

    public function testSlipOfAnOrderOnWhichSomebodyElseWorksIsToldAndCanBeSentAgain()
    {
        $this->house->db->locked = ['paymentbridge_'];
        $this->slip(PaperSlips::make(self::GROSS, [[1000, 19]]));
        $this->assertTold('somebody else works on this order');
        $this->house->db->locked = [];
        $this->again('10.00', 1);
        self::assertSame([[1000], []], [$this->refunded(), $this->panel()]);
    }

    public function testSlipWhoseAnswerIsLostIsToldAndHappensOnce()
    {
        $this->house->bridge()->loses = 1;
        $this->slip(PaperSlips::make(self::GROSS, [[1000, 19]]));
        $this->assertTold('It is not known yet whether the refund was done');
        self::assertTrue($this->panel()[0]['is_unknown']);
        $this->house->open(\AdminPaymentBridgeController::class, ['id_order' => '1', 'again' => '1'], 'POST');
        self::assertSame([[1000], []], [$this->refunded(), $this->panel()]);
    }

    public function testSlipWhoseRefundFailsDaysLaterCanBeSentAgain()
    {
        $this->house->bridge()->refundStatus = 'pending';
        $this->slip(PaperSlips::make(self::GROSS, [[1000, 19]]));
        self::assertSame([], $this->panel());
        $this->house->bridge()->refundsNow = 'failed';
        $this->house->bridgeSays(['amount_refunded' => 0]);
        $this->house->parts->payments()->refresh($this->house->parts->tables()->latestAttempt(1));
        self::assertSame(['10.00'], array_column($this->panel(), 'amount'));
        self::assertStringContainsString('was not refunded', implode($this->house->parts->refundPanel()->warnings(1)));
        $this->house->bridge()->refunds = array_map(static function (array $refund) {
            return ['status' => 'failed'] + $refund;
        }, $this->house->bridge()->refunds);
        $this->house->bridge()->refundStatus = 'succeeded';
        $this->again('10.00', 1);
        self::assertSame([1000, []], [$this->house->parts->tables()->returned('pay_1'), $this->panel()]);
    }

    public function testSlipIsRefundedOnceWhateverIsTypedInAnotherTab()
    {
        $this->shows(self::NET);
        $this->slip(PaperSlips::make(self::NET, [[1000, 19]], ['typed' => 700]));
        $this->again('5.00', 1);
        $this->again('5.00', 1);
        $this->again('3.00', 1);
        self::assertSame([500], $this->refunded());
        self::assertStringContainsString('changed meanwhile', $this->house->context->cookie->paymentbridge_said);
    }

    public function testSlipForWhichNothingIsDueIsClosedAndNeverRefunded()
    {
        $this->shows(self::NET);
        $this->slip(PaperSlips::make(self::NET, [[1000, 19]], ['typed' => 700]));
        $this->house->open(\AdminPaymentBridgeController::class, ['id_order' => '1', 'slip' => '1', 'slip_close' => '1'], 'POST');
        self::assertSame([], $this->panel());
        $this->again('5.00', 1);
        self::assertSame([], $this->refunded());
    }

    public function testSlipOfAnotherOrderIsNotRefundedFromThisOne()
    {
        $this->shows(self::NET);
        $this->slip(PaperSlips::make(self::NET, [[1000, 19]], ['typed' => 700]));
        $this->house->order('5.000000');
        $this->again('5.00', 1, 2);
        self::assertSame([], $this->refunded());
    }

    public function testSlipThatWasRefundedIsToldToo()
    {
        $this->slip(PaperSlips::make(self::GROSS, [[1000, 19]]));
        self::assertStringContainsString('Refunded: 10.00 EUR.', $this->house->context->cookie->paymentbridge_said);
        self::assertSame('', $this->house->module->hookDisplayAdminOrderTop(['id_order' => 1]));
    }

    private function shows($isGross)
    {
        $this->house->db->run('UPDATE ps_customer SET id_default_group = ' . ($isGross ? 3 : 4));
    }

    private function slip(array $slip, array $vouchers = [])
    {
        $this->put($slip, null, $vouchers);
        $this->hook();
    }

    private function put(array $slip, $time = null, array $vouchers = [])
    {
        foreach (['vouchers' => 'total_discounts_tax_incl', 'vouchers_net' => 'total_discounts_tax_excl'] as $name => $column) {
            $this->house->db->run("UPDATE ps_orders SET $column = " . ($vouchers[$name] ?? 0) / 100);
        }
        $id = $this->house->db->put('order_slip', $slip[0] + ['id_order' => 1, 'date_add' => $time ?? date('Y-m-d H:i:s')]);
        foreach ($slip[1] as $line) {
            $this->house->db->put('order_slip_detail', $line + ['id_order_slip' => $id]);
        }
    }

    private function hook(array $more = [])
    {
        $this->house->module->hookActionOrderSlipAdd(['order' => new \Order(1)] + $more);
    }

    private function again($amount, $slip, $order = 1)
    {
        $form = ['id_order' => (string) $order, 'slip' => (string) $slip, 'amount' => $amount, 'slip_refund' => '1'];
        $this->house->open(\AdminPaymentBridgeController::class, $form, 'POST');
    }

    private function refunded()
    {
        return array_values(array_column($this->house->bridge()->refunds, 'amount'));
    }

    private function panel()
    {
        return $this->house->parts->refundPanel()->view(1)['slips'];
    }

    /** On the page, at its top, in the panel, and in the log with the severity that is mailed. */
    private function assertTold($words)
    {
        self::assertStringContainsString($words, $this->house->context->cookie->paymentbridge_said);
        self::assertCount(1, $this->panel());
        self::assertStringContainsString('order_top', $this->house->module->hookDisplayAdminOrderTop(['id_order' => 1]));
        $alerts = preg_grep('/^3 .*a credit slip was not refunded/', \PrestaShopLogger::$lines);
        self::assertCount(1, $alerts, implode("\n", \PrestaShopLogger::$lines));
    }
}
