<?php

namespace PaymentBridge\PrestaShop\Tests;

use PaymentBridge\PrestaShop\Decimal;
use PaymentBridge\PrestaShop\Refunds;
use PHPUnit\Framework\TestCase;

/**
 * Money back: from the panel, and with credit slips.
 */
final class RefundsTest extends TestCase
{
    /** @var House */
    private $house;

    protected function setUp(): void
    {
        $this->house = new House();
        $this->house->paidPayment($this->house->order());
        $this->house->context->employee = (object) ['id' => 3, 'id_profile' => 1];
    }

    public function testRefundOfTwoEqualPartsIsTwoRefunds()
    {
        self::assertSame([Refunds::DONE, '15.00 EUR'], $this->refund(1500));
        $this->refund(1500);
        self::assertCount(2, $this->house->bridge()->refunds);
        self::assertSame(3000, $this->house->parts->tables()->returned('pay_1'));
    }

    public function testRefundWhoseAnswerIsLostIsAskedForAgainAndHappensOnce()
    {
        $this->house->bridge()->loses = 1;
        self::assertSame(Refunds::UNKNOWN, $this->refund(1500)[0]);
        self::assertSame(Refunds::DONE, $this->again()[0]);
        self::assertSame([1, 1500], [count($this->house->bridge()->refunds), $this->house->parts->tables()->returned('pay_1')]);
    }

    public function testRefundTypedAgainAfterALostAnswerHappensOnce()
    {
        $this->house->bridge()->loses = 1;
        $this->refund(1500);
        self::assertSame(Refunds::DONE, $this->refund(1500)[0]);
        self::assertCount(1, $this->house->bridge()->refunds);
    }

    public function testRefundOfAnotherAmountWaitsUntilTheLostOneIsKnown()
    {
        $this->house->bridge()->loses = 1;
        $this->refund(1500);
        self::assertSame([Refunds::ANOTHER_FIRST, '15.00 EUR'], $this->refund(2000));
        self::assertCount(1, $this->house->bridge()->refunds);
    }

    public function testRefundWithoutAKnownOutcomeIsUnknownUntilItIsKnown()
    {
        $this->house->bridge()->outcomeKnown = false;
        $this->refund(1500);
        self::assertSame(Refunds::UNKNOWN, $this->again()[0]);
        $key = key($this->house->bridge()->refunds);
        $this->house->bridge()->refunds[$key]['outcome_known'] = true;
        self::assertSame([Refunds::DONE, [$key]], [$this->again()[0], array_keys($this->house->bridge()->refunds)]);
    }

    public function testRefundAfterARefusalByTheProviderIsANewIntent()
    {
        $this->house->bridge()->refundStatus = 'failed';
        self::assertSame(Refunds::REFUSED, $this->refund(1500)[0]);
        $this->house->bridge()->refundStatus = 'succeeded';
        self::assertSame(Refunds::DONE, $this->refund(1500)[0]);
        self::assertSame([2, 1500], [count($this->house->bridge()->refunds), $this->house->parts->tables()->returned('pay_1')]);
    }

    public function testRefundOfMoreThanIsLeftTellsTheMerchantWhy()
    {
        $this->house->bridge()->refuses = [422, ['code' => 'amount_too_large', 'detail' => 'Only 9.99 are left.']];
        self::assertSame([Refunds::REFUSED, 'Only 9.99 are left.'], $this->refund(1500));
        self::assertSame(0, $this->house->parts->tables()->returned('pay_1'));
    }

    public function testRefundWhileSomebodyElseRefundsIsBusy()
    {
        $this->house->db->locked = ['paymentbridge_'];
        self::assertSame([[Refunds::BUSY, ''], []], [$this->refund(1500), $this->house->bridge()->refunds]);
    }

    public function testRefundOfAnOrderThatWasNotPaidHereIsNone()
    {
        $this->house->order('5.000000');
        self::assertSame(Refunds::NOTHING_PAID, $this->house->parts->refunds()->refund($this->house->placed(2), 500, 1)[0]);
    }

    public function testRefundOfAllThatIsLeftClosesTheOrder()
    {
        $this->refund(1500);
        self::assertSame([House::PAID], $this->house->history(1));
        $this->refund(3499);
        self::assertSame([House::PAID, House::REFUNDED], $this->house->history(1));
        self::assertSame('paid', $this->house->placed(1)->state());
    }

    public function testRefundThatFailsLaterIsAnAlertAndCountsNoMore()
    {
        $this->house->bridge()->refundStatus = 'pending';
        $this->refund(1500);
        self::assertSame(1500, $this->house->parts->tables()->returned('pay_1'));
        $bridge = $this->house->bridge();
        $bridge->refunds = array_map(static function (array $refund) {
            return ['status' => 'failed'] + $refund;
        }, $bridge->refunds);
        $this->house->bridgeSays(['amount_refunded' => 0]);
        $this->house->parts->payments()->refresh($this->house->parts->tables()->latestAttempt(1));
        self::assertStringContainsString('A refund did not succeed', implode($this->house->notes(1)));
        self::assertSame(0, $this->house->parts->tables()->returned('pay_1'));
    }

    public function testPanelShowsWhatIsLeftAndWhatIsUnknown()
    {
        $this->refund(1500);
        $view = $this->house->parts->refundPanel()->view(1)['payments'][0];
        self::assertSame(['49.99 EUR', '15.00 EUR', '34.99 EUR', null], [$view['paid'], $view['returned'], $view['left'], $view['unknown']]);
        $this->house->bridge()->loses = 1;
        $this->refund(500);
        self::assertSame('5.00 EUR', $this->house->parts->refundPanel()->view(1)['payments'][0]['unknown']);
    }

    public function testPanelOfAnOrderPaidAnotherWayIsNotThere()
    {
        $this->house->order('5.000000', 1, ['module' => 'ps_wirepayment']);
        self::assertSame('', $this->house->module->hookDisplayAdminOrderMainBottom(['id_order' => 2]));
    }

    public function testFormRefundsAndSaysSoOnTheOrdersPage()
    {
        $next = $this->form(['amount' => '12,50']);
        self::assertStringContainsString('/admin/AdminOrders?id_order=1&vieworder=1', $next);
        $this->house->module->hookDisplayAdminOrderMainBottom(['id_order' => 1]);
        self::assertSame('Refunded: 12.50 EUR.', $this->house->context->smarty->assigned['paymentbridge']['said']['words']);
        self::assertSame([1250, '3'], [$this->house->parts->tables()->returned('pay_1'), (string) $this->house->parts->tables()->refunds('pay_1')[0]['employee_id']]);
    }

    public function testWhatIsSaidIsSaidOnce()
    {
        $this->form(['amount' => '12,50']);
        $cookie = $this->house->context->cookie;
        $before = $cookie->written;
        foreach (['Refunded: 12.50 EUR.', null] as $words) {
            $this->house->module->hookDisplayAdminOrderMainBottom(['id_order' => 1]);
            self::assertSame($words, $this->house->context->smarty->assigned['paymentbridge']['said']['words'] ?? null);
        }
        self::assertSame($before + 1, $cookie->written, 'the browser has to forget it, too');
    }

    public function testFormSentTwiceIsOneRefund()
    {
        $this->form(['amount' => '12,50', 'seen' => '0']);
        $this->form(['amount' => '12,50', 'seen' => '0']);
        self::assertCount(1, $this->house->bridge()->refunds);
        self::assertStringContainsString('Refunded already: 12.50 EUR', $this->house->context->cookie->paymentbridge_said);
    }

    /** @dataProvider outdated */
    public function testFormOfAPageThatIsOutOfDateRefundsNothing($seen)
    {
        $this->refund(1000);
        $this->form(['amount' => '12,50', 'seen' => $seen]);
        self::assertCount(1, $this->house->bridge()->refunds);
        self::assertStringContainsString('changed meanwhile', $this->house->context->cookie->paymentbridge_said);
    }

    public function outdated()
    {
        return [['0'], [''], ['-1'], ["1' OR 1"], ['9999999999999999999']];
    }

    public function testFormThatAsksAgainForWhatIsKnownMeanwhileRefundsNothing()
    {
        $this->form(['again' => '1']);
        self::assertSame([], $this->house->bridge()->refunds);
        self::assertStringContainsString('changed meanwhile', $this->house->context->cookie->paymentbridge_said);
    }

    public function testMoneyThatCameForACanceledOrderGoesBackAndTheOrderStaysCanceled()
    {
        $placed = $this->house->order('5.000000');
        $this->house->attempt($placed, ['payment_id' => 'pay_2', 'token' => House::token(2), 'idempotency_key' => 'key-2', 'status' => 'paid']);
        $this->house->parts->orders()->cancel($placed);
        list($late) = $this->house->parts->refundPanel()->view(2)['payments'];
        self::assertSame(['pay_2', '5.00 EUR', '5.00 EUR'], [$late['payment'], $late['paid'], $late['left']]);
        $this->house->parts->refunds()->refund($this->house->placed(2), 500, 1, 0, 'pay_2');
        self::assertSame([House::CANCELED], $this->house->history(2));
        self::assertSame(500, $this->house->parts->tables()->returned('pay_2'));
    }

    public function testRefundOfLateMoneyIsFollowedToItsEnd()
    {
        $placed = $this->house->order('5.000000');
        $this->house->attempt($placed, ['payment_id' => 'pay_2', 'token' => House::token(2), 'idempotency_key' => 'key-2', 'status' => 'paid']);
        $this->house->parts->orders()->cancel($placed);
        $this->house->bridge()->refundStatus = 'pending';
        $this->house->parts->refunds()->refund($this->house->placed(2), 500, 1, 0, 'pay_2');
        $this->refundsAre('succeeded');
        $this->house->bridgeSays(['order_reference' => $placed->reference(), 'amount' => 500, 'status' => 'paid', 'amount_captured' => 500, 'amount_refunded' => 500], 'pay_2');
        $this->house->parts->payments()->refresh($this->house->parts->tables()->latestAttempt(2));
        self::assertSame('succeeded', $this->house->parts->tables()->refunds('pay_2')[0]['status']);
    }

    public function testRefundThatIsAskedForAgainIsAsFarAsItIsByThen()
    {
        $this->house->bridge()->refundStatus = 'pending';
        $this->house->bridge()->loses = 1;
        $this->refund(1500);
        $bridge = $this->house->bridge();
        self::assertSame([1, 'unknown'], [count($bridge->refunds), $this->house->parts->tables()->refunds('pay_1')[0]['status']]);
        $bridge->refundsNow = 'succeeded';
        self::assertSame([Refunds::ON_ITS_WAY, '15.00 EUR'], $this->again());
        self::assertSame('succeeded', $this->house->parts->tables()->refunds('pay_1')[0]['status']);
    }

    public function testMoneyThatCameTwiceGoesBackFromThePaymentThatIsNamed()
    {
        $placed = $this->house->placed(1);
        $this->house->attempt($placed, ['payment_id' => 'pay_2', 'token' => House::token(2), 'idempotency_key' => 'key-2', 'status' => 'paid', 'attempt' => 2]);
        self::assertSame(['pay_1', 'pay_2'], array_column($this->house->parts->refundPanel()->view(1)['payments'], 'payment'));
        $this->form(['amount' => '49.99', 'payment' => 'pay_2', 'seen' => '0']);
        self::assertSame([0, 4999], [$this->house->parts->tables()->returned('pay_1'), $this->house->parts->tables()->returned('pay_2')]);
        self::assertSame([House::PAID], $this->house->history(1), 'the order is paid still');
    }

    public function testMoneyOfAnotherOrderIsNotRefundedFromThisOne()
    {
        $this->house->order('5.000000');
        $this->form(['id_order' => '2', 'amount' => '5', 'payment' => 'pay_1', 'seen' => '0']);
        self::assertSame([], $this->house->bridge()->refunds);
    }

    public function testTimesAreTheShopsWhateverTheDatabaseHas()
    {
        $this->refund(1500);
        $this->house->db->run("UPDATE ps_payment_bridge_refund SET created_at = '2026-07-01 12:00:00'");
        $zone = date_default_timezone_get();
        date_default_timezone_set('Europe/Berlin');
        $time = $this->house->parts->refundPanel()->view(1)['payments'][0]['refunds'][0]['time'];
        date_default_timezone_set($zone);
        self::assertSame('2026-07-01 14:00:00', $time);
    }

    public function testFormByALinkOrWithoutTheRightRefundsNothing()
    {
        $this->form(['amount' => '12,50'], 'GET');
        \Access::$granted = false;
        $this->form(['amount' => '12,50']);
        self::assertSame([], $this->house->bridge()->refunds);
        self::assertStringContainsString('you may not', $this->house->context->cookie->paymentbridge_said);
    }

    /** @dataProvider typed */
    public function testAmountAsTyped($typed, $currency, $amount)
    {
        self::assertSame($amount, Decimal::typed($typed, $currency));
    }

    public function typed()
    {
        return [['12,50', 'EUR', 1250], ['12.5', 'EUR', 1250], [' 12 ', 'EUR', 1200], ['1.234,50', 'EUR', null], ['1,234.50', 'EUR', null],
            ['12.505', 'EUR', null], ['-1', 'EUR', null], ['0', 'EUR', null], ['', 'EUR', null], ['1e3', 'EUR', null], ['12.5', 'JPY', null],
            ['12', 'JPY', 12], ['1.234', 'KWD', 1234], ['99999999999', 'EUR', null], ["1'--", 'EUR', null]];
    }

    private function refund($amount)
    {
        return $this->house->parts->refunds()->refund($this->house->placed(1), $amount, 3);
    }

    private function refundsAre($status)
    {
        $bridge = $this->house->bridge();
        $bridge->refunds = array_map(static function (array $refund) use ($status) {
            return ['status' => $status] + $refund;
        }, $bridge->refunds);
    }

    private function again()
    {
        return $this->house->parts->refunds()->again($this->house->placed(1));
    }

    private function form(array $values, $verb = 'POST')
    {
        $values += ['id_order' => '1', 'seen' => (string) ($this->house->parts->refundPanel()->view(1)['payments'][0]['seen'] ?? '')];
        return $this->house->open(\AdminPaymentBridgeController::class, $values, $verb);
    }
}
