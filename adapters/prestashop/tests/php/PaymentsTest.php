<?php

namespace PaymentBridge\PrestaShop\Tests;

use PaymentBridge\Core\ApiException;
use PHPUnit\Framework\TestCase;

final class PaymentsTest extends TestCase
{
    /** @var House */
    private $house;

    protected function setUp(): void
    {
        $this->house = new House();
    }

    /** @dataProvider amounts */
    public function testStartAsksForTheOrdersTotalInItsCurrency($total, $currency, $minor)
    {
        $this->house->parts->payments()->start($this->house->order($total, $currency), 'wallet');
        self::assertSame($minor, $this->house->creates()[0][2]['amount']);
    }

    public function amounts()
    {
        return [['49.990000', 1, 4999], ['0.290000', 1, 29], ['1234.000000', 2, 1234], ['1.235000', 3, 1235], [19.99, 1, 1999]];
    }

    public function testStartOfACartThatBecameTwoOrdersIsOnePaymentOverBoth()
    {
        $first = $this->house->order('20.005000');
        $this->house->order('10.000000', 1, ['id_cart' => $first->cart()]);
        $this->house->parts->payments()->start($this->house->placed($first->id()), 'card');
        $body = $this->house->creates()[0][2];
        self::assertSame([3001, 'card'], [$body['amount'], $body['method']]);
    }

    public function testRefreshOfAPaidPaymentBooksItOnceAndMailsOnce()
    {
        $placed = $this->house->order();
        $this->house->paidPayment($placed);
        $this->house->parts->payments()->refresh($this->house->parts->tables()->latestAttempt($placed->id()));
        self::assertSame([['49.99'], [House::PAID]], [$this->house->booked(), $this->house->history($placed->id())]);
        self::assertSame(['2 for 1 in language 2'], \OrderHistory::$mails);
        self::assertSame(['Paid: 49.99 EUR.'], $this->house->notes($placed->id()));
    }

    public function testRefreshOfTwoOrdersOfACartPaysBothAndBooksOnce()
    {
        $first = $this->house->order('20.000000');
        $second = $this->house->order('10.000000', 1, ['id_cart' => $first->cart()]);
        $this->house->paidPayment($this->house->placed($first->id()));
        self::assertSame(['30.00'], $this->house->booked());
        self::assertSame([House::PAID], $this->house->history(2));
        self::assertSame('paid', $this->house->placed($second->id())->state());
    }

    public function testRefreshAfterACrashInTheMiddleFinishesAndBooksOnce()
    {
        $placed = $this->house->order();
        \OrderHistory::$crash = [House::PAID];
        try {
            $this->house->paidPayment($placed);
            self::fail('nothing crashed');
        } catch (\RuntimeException $crash) {
            \OrderHistory::$crash = [];
        }
        $this->house->db->run('UPDATE ps_orders SET current_state = 20'); // what was not committed
        $attempt = $this->house->parts->tables()->latestAttempt($placed->id());
        self::assertSame('paid', $this->house->parts->payments()->refresh($attempt));
        self::assertSame([['49.99'], 'paid'], [$this->house->booked(), $this->house->placed($placed->id())->state()]);
    }

    public function testRefreshInTheNameOfAnotherShopPutsTheContextBack()
    {
        $this->house->set('API_KEY', (new \PhpEncryption(''))->encrypt('sk_shop_2_key'), 2);
        $placed = $this->house->order('5.000000', 1, ['id_shop' => 2]);
        $this->house->parts->payments()->start($placed, 'wallet');
        $bridge = $this->house->bridge('sk_shop_2_key');
        $bridge->has(['status' => 'paid', 'amount_captured' => 500, 'sequence' => 3] + $bridge->payments['pay_1']);
        $this->house->parts->payments()->refresh($this->house->parts->tables()->latestAttempt($placed->id()));
        self::assertSame([[], ['5.00']], [$this->house->bridge()->asked, $this->house->booked()]);
        self::assertStringStartsWith('https://shop2.example/', $bridge->asked[0][2]['return_url']);
        self::assertSame([[\Shop::CONTEXT_SHOP, 1], 1, 1], [\Shop::$context, $this->house->context->shop->id, $this->house->context->language->id]);
    }

    public function testPaymentThatIsHeardOfBeforeTheAnswerToItsCreateCanStillBePaid()
    {
        $placed = $this->house->order();
        $this->house->attempt($placed, ['payment_id' => null, 'checkout_token' => null, 'checkout_url' => null]);
        $this->house->bridgeSays(['status' => 'created']);
        $this->house->parts->payments()->processor()->learn('pay_1', 'REFOF1');
        self::assertSame('chk_1', $this->house->parts->payments()->start($placed, 'wallet')['checkout_token']);
    }

    /** @dataProvider mismatches */
    public function testRefreshOfAnotherAmountOrCurrencyPaysNothing($told)
    {
        $placed = $this->house->order();
        $this->house->attempt($placed);
        $this->house->bridgeSays($told + ['status' => 'paid', 'amount_captured' => 4999]);
        $this->house->parts->payments()->refresh($this->house->parts->tables()->latestAttempt(1));
        self::assertSame(['open', []], [$this->house->placed(1)->state(), $this->house->booked()]);
        self::assertStringContainsString('Nothing was changed', $this->house->notes(1)[0]);
        self::assertStringStartsWith('3 ', \PrestaShopLogger::$lines[0]);
    }

    public function mismatches()
    {
        return [[['amount' => 4998]], [['currency' => 'USD']], [['order_reference' => 'REFOF9']]];
    }

    public function testRefreshOfAFailedAttemptAfterThePaidOneChangesNothing()
    {
        $placed = $this->house->order();
        $first = $this->house->attempt($placed, ['payment_id' => 'pay_a', 'token' => House::token(2), 'idempotency_key' => 'a']);
        $second = $this->house->attempt($placed, ['payment_id' => 'pay_b', 'attempt' => 2]);
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999], 'pay_b');
        $this->house->bridgeSays(['status' => 'declined'], 'pay_a');
        foreach ([$first, $second, $first] as $attempt) {
            $this->house->parts->payments()->refresh($attempt);
        }
        self::assertSame(['paid', ['49.99']], [$this->house->placed(1)->state(), $this->house->booked()]);
    }

    public function testRefreshOfASecondPaidAttemptIsAnAlert()
    {
        $placed = $this->house->order();
        $this->house->paidPayment($placed);
        $second = $this->house->attempt($placed, ['payment_id' => 'pay_b', 'attempt' => 2, 'token' => House::token(2)]);
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999], 'pay_b');
        self::assertSame('alert_double', $this->house->parts->payments()->refresh($second));
        self::assertSame(['49.99'], $this->house->booked());
    }

    public function testRefreshOfAPaymentAfterTheMerchantCanceledIsAnAlertOnly()
    {
        $placed = $this->house->order('49.990000', 1, ['current_state' => House::CANCELED]);
        $attempt = $this->house->attempt($placed);
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        self::assertSame('alert_late', $this->house->parts->payments()->refresh($attempt));
        self::assertSame(['canceled', []], [$this->house->placed(1)->state(), $this->house->booked()]);
        self::assertStringContainsString('49.99 EUR (pay_1) arrived although', $this->house->notes(1)[0]);
    }

    public function testLaterEventsOfLateMoneyDoNotSoundTheSameAlertAgain()
    {
        $attempt = $this->house->attempt($this->house->order('49.990000', 1, ['current_state' => House::CANCELED]));
        $events = [['amount_captured' => 4999], ['amount_refund_pending' => 4999], ['amount_refunded' => 4999]];
        foreach (array_map(null, $events, ['alert_late', 'alert_late', 'refund_told']) as list($told, $decision)) {
            $this->house->bridgeSays($told + ['status' => 'paid']);
            self::assertSame($decision, $this->house->parts->payments()->refresh($attempt));
        }
        self::assertCount(1, preg_grep('/alert_late/', \PrestaShopLogger::$lines));
        list($arrived, $returned) = $this->house->notes(1);
        self::assertStringContainsString('49.99 EUR (pay_1) arrived although', $arrived);
        self::assertSame('Refunded so far: 49.99 EUR.', $returned);
    }

    public function testLateMoneyOfASecondPaymentIsAnAlertOfItsOwn()
    {
        $placed = $this->house->order('49.990000', 1, ['current_state' => House::CANCELED]);
        $attempts = [$this->house->attempt($placed), $this->house->attempt($placed, ['payment_id' => 'pay_b', 'attempt' => 2, 'token' => House::token(2)])];
        foreach (['pay_1', 'pay_b'] as $at => $paymentId) {
            $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999], $paymentId);
            $this->house->parts->payments()->refresh($attempts[$at]);
        }
        self::assertCount(2, preg_grep('/alert_late/', \PrestaShopLogger::$lines));
        self::assertCount(2, $this->house->notes(1));
    }

    public function testRefreshOfADeclineCancelsTheOrderThroughPrestaShop()
    {
        $placed = $this->house->order();
        $attempt = $this->house->attempt($placed);
        $this->house->bridgeSays(['status' => 'declined']);
        $this->house->parts->payments()->refresh($attempt);
        self::assertSame(['canceled', [House::CANCELED]], [$this->house->placed(1)->state(), $this->house->history(1)]);
        self::assertSame(['The payment is over: declined.'], $this->house->notes(1));
        self::assertSame([], array_filter($this->house->bridge()->asked, static function ($one) {
            return $one[0] === 'cancel';
        }));
    }

    public function testRefreshOfADeclineLeavesWhatTheMerchantHasChanged()
    {
        $this->house->db->put('order_state', ['id_order_state' => 30, 'paid' => 0, 'deleted' => 0]);
        $attempt = $this->house->attempt($this->house->order('49.990000', 1, ['current_state' => 30]));
        $this->house->bridgeSays(['status' => 'declined']);
        $this->house->parts->payments()->refresh($attempt);
        self::assertSame([], $this->house->history(1));
    }

    public function testRefreshOfAnOrderOutOfStockIsPaidOrCanceledLikeAnother()
    {
        $attempt = $this->house->attempt($this->house->order('49.990000', 1, ['current_state' => House::BACKORDER]));
        $this->house->bridgeSays(['status' => 'expired']);
        $this->house->parts->payments()->refresh($attempt);
        self::assertSame([House::CANCELED], $this->house->history(1));
    }

    public function testRefreshOfAPaymentWhoseOutcomeIsUnknownEndsNothing()
    {
        $attempt = $this->house->attempt($this->house->order());
        $this->house->bridgeSays(['status' => 'failed', 'outcome_known' => false]);
        $this->house->parts->payments()->refresh($attempt);
        self::assertSame('open', $this->house->placed(1)->state());
    }

    public function testRefreshOfADeletedOrderChangesNothing()
    {
        $attempt = $this->house->attempt($this->house->order());
        $this->house->db->run('DELETE FROM ps_orders');
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        self::assertSame('nothing', $this->house->parts->payments()->refresh($attempt));
    }

    public function testRefreshWhileTheDatabaseIsSilentIsAnErrorNotAStrangersPayment()
    {
        $attempt = $this->house->attempt($this->house->order());
        $this->house->db->fails = 'payment_id = ';
        $this->expectException(\RuntimeException::class);
        $this->house->parts->payments()->refresh($attempt);
    }

    public function testStartThatTheBridgeRefusesEndsTheOrder()
    {
        $this->house->bridge()->refuses = [422, ['code' => 'currency_not_supported', 'detail' => 'No such currency.']];
        try {
            $this->house->parts->payments()->start($this->house->order(), 'wallet');
            self::fail('nothing was refused');
        } catch (ApiException $refused) {
            self::assertSame('canceled', $this->house->placed(1)->state());
            self::assertSame(['The bridge refused this payment: No such currency.'], $this->house->notes(1));
        }
    }

    public function testCancelLeavesWhatWasPaidOnceWhateverItsStateIsNow()
    {
        $placed = $this->house->order();
        $this->house->paidPayment($placed);
        $this->house->db->run('UPDATE ps_orders SET current_state = ' . House::WAITING);
        $this->house->parts->orders()->cancel($this->house->placed(1));
        self::assertSame([House::PAID], $this->house->history(1));
    }

    public function testCancelGivesVouchersBackForEverybodyAndForTheCustomer()
    {
        $placed = $this->house->order();
        $rule = $this->house->db->put('cart_rule', ['code' => 'TEN', 'quantity' => 0]);
        $this->house->db->put('order_cart_rule', ['id_order' => 1, 'id_cart_rule' => $rule]);
        $this->house->parts->orders()->cancel($placed);
        $this->house->parts->vouchers()->giveBack(1);
        self::assertSame(1, (int) $this->house->db->one('SELECT quantity FROM ps_cart_rule'));
        self::assertTrue((new \CartRule($rule))->checkValidity($this->house->context));
    }

    public function testCancelOfACartThatBecameTwoOrdersGivesItsVoucherBackOnce()
    {
        $first = $this->house->order('20.000000');
        $second = $this->house->order('10.000000', 1, ['id_cart' => $first->cart()]);
        $rule = $this->house->db->put('cart_rule', ['code' => 'ONCE', 'quantity' => 0]);
        foreach ($second->ids() as $orderId) { // PrestaShop notes it with each order that it makes cheaper
            $this->house->db->put('order_cart_rule', ['id_order' => $orderId, 'id_cart_rule' => $rule]);
        }
        $this->house->parts->orders()->cancel($second);
        self::assertSame(1, (int) $this->house->db->one('SELECT quantity FROM ps_cart_rule'));
        self::assertTrue((new \CartRule($rule))->checkValidity($this->house->context));
    }

    /** @dataProvider rests */
    public function testCancelTakesBackTheRestOfAVoucherOrKeepsTheVoucher($code, $restCode, $restLeft, $quantities)
    {
        $this->house->order();
        $rule = $this->house->db->put('cart_rule', ['code' => $code, 'quantity' => 0, 'partial_use' => 1]);
        $this->house->db->put('cart_rule', ['code' => $restCode, 'quantity' => $restLeft, 'id_customer' => 5]);
        $this->house->db->put('order_cart_rule', ['id_order' => 1, 'id_cart_rule' => $rule]);
        $this->house->parts->vouchers()->giveBack(1);
        $found = $this->house->db->all('SELECT quantity FROM ps_cart_rule ORDER BY id_cart_rule');
        self::assertSame($quantities, array_map('intval', array_column($found, 'quantity')));
    }

    public function rests()
    {
        return [
            'rest unspent' => ['GIFT', 'GIFT-2', 1, [1, 0]],
            'rest spent' => ['GIFT', 'GIFT-2', 0, [0, 0]],
            'rest of a rest' => ['GIFT-2', 'GIFT-3', 1, [1, 0]],
            'no code' => ['', substr(md5('1-5-1'), 0, 16), 1, [1, 0]],
            'no rest' => ['GIFT', 'OTHER', 1, [1, 1]],
        ];
    }

    public function testExpiryAsksTheBridgeFirstAndBelievesIt()
    {
        $this->house->attempt($this->house->order());
        $this->house->bridgeSays([]);
        $this->expire();
        self::assertSame('open', $this->house->placed(1)->state());
        $this->house->bridgeSays(['status' => 'expired']);
        $this->expire();
        self::assertSame('canceled', $this->house->placed(1)->state());
    }

    public function testExpiryWithoutAnAnswerCancelsNothingAndGoesOn()
    {
        $this->house->attempt($this->house->order(), ['payment_id' => 'pay_unknown', 'token' => House::token(2), 'idempotency_key' => 'x']);
        $second = $this->house->attempt($this->house->order());
        $this->house->bridgeSays(['order_reference' => $second['order_reference'], 'status' => 'expired']);
        $this->expire();
        self::assertSame(['open', 'canceled'], [$this->house->placed(1)->state(), $this->house->placed(2)->state()]);
    }

    public function testExpiryEndsOldOrdersOfWhichTheBridgeNeverHeardAndLeavesNewOnes()
    {
        $this->house->order('5.000000', 1, ['date_add' => date('Y-m-d H:i:s', time() - 7200)]);
        $this->house->order('6.000000');
        $this->house->order('7.000000', 1, ['date_add' => '2020-01-01 00:00:00', 'module' => 'ps_wirepayment']);
        $this->expire();
        self::assertSame([[House::CANCELED], [], []], [$this->house->history(1), $this->house->history(2), $this->house->history(3)]);
    }

    /** @dataProvider ends */
    public function testCancelByTheMerchantGivesThePaymentUp($told, $refuses, $status, $notes)
    {
        $this->house->attempt($this->house->order());
        $this->house->bridgeSays($told);
        $this->house->bridge()->refuses = $refuses;
        (new \OrderHistory())->changeIdOrderState(House::CANCELED, 1, true);
        self::assertSame($status, $this->house->parts->tables()->latestAttempt(1)['status']);
        self::assertSame([$notes, $notes], [count($this->house->notes(1)), count(preg_grep('/^3 /', \PrestaShopLogger::$lines))]);
    }

    public function ends()
    {
        $no = [409, ['code' => 'not_cancelable']];
        return [
            'waiting' => [[], null, 'canceled', 0],
            'paid meanwhile' => [['status' => 'paid', 'amount_captured' => 4999], $no, 'created', 1],
            'nobody knows' => [['status' => 'failed', 'outcome_known' => false], $no, 'created', 1],
        ];
    }

    /** @dataProvider bothOfTwo */
    public function testCancelByTheMerchantOfOneOfTwoOrdersOfACartCancelsBoth($canceled)
    {
        $first = $this->house->order('20.000000');
        $this->house->order('10.000000', 1, ['id_cart' => $first->cart()]);
        $this->house->attempt($this->house->placed(1));
        $this->house->bridgeSays(['amount' => 3000]);
        $rule = $this->house->db->put('cart_rule', ['code' => 'ONCE', 'quantity' => 0]);
        $this->house->db->put('order_cart_rule', ['id_order' => 1, 'id_cart_rule' => $rule]);
        (new \OrderHistory())->changeIdOrderState(House::CANCELED, $canceled, true);
        $states = array_column($this->house->db->all('SELECT current_state FROM ps_orders'), 'current_state');
        self::assertSame([House::CANCELED, House::CANCELED], array_map('intval', $states));
        self::assertSame('canceled', $this->house->parts->tables()->latestAttempt(1)['status']);
        self::assertSame(1, (int) $this->house->db->one('SELECT quantity FROM ps_cart_rule'));
    }

    public function bothOfTwo()
    {
        return ['the first' => [1], 'the second' => [2]];
    }

    public function testCancelOfAnOrderPaidAnotherWayIsNotOurs()
    {
        $this->house->attempt($this->house->order('5.000000', 1, ['module' => 'ps_wirepayment']));
        (new \OrderHistory())->changeIdOrderState(House::CANCELED, 1, true);
        self::assertSame([], $this->house->bridge()->asked);
    }

    private function expire()
    {
        $this->house->db->run("UPDATE ps_payment_bridge_attempt SET updated_at = datetime('now', '-1 hour')");
        $this->house->parts->expiry()->run(50);
    }
}
