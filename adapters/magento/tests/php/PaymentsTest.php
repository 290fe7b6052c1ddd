<?php

namespace PaymentBridge\Checkout\Tests;

use Magento\Framework\Event\Observer;
use PaymentBridge\Checkout\Cron\Expire;
use PaymentBridge\Checkout\Observer\GiveUpAtTheBridge;
use PaymentBridge\Core\ApiException;
use PaymentBridge\Core\BusyException;
use PaymentBridge\Core\NoAnswerException;
use PaymentBridge\Core\Tests\PaperBridge;
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
        $this->house->payments->start($this->house->order(123, $total, $currency));
        $body = $this->house->bridge()->asked[0][2];
        self::assertSame([$minor, $currency], [$body['amount'], $body['currency']]);
    }

    public function amounts()
    {
        return [['49.9900', 'EUR', 4999], [0.29, 'EUR', 29], ['1234.0000', 'JPY', 1234], ['1.2350', 'KWD', 1235], [19.99, 'USD', 1999]];
    }

    public function testStartTwiceIsOnePayment()
    {
        $order = $this->house->order();
        $first = $this->house->payments->start($order);
        self::assertSame($first['payment_id'], $this->house->payments->start($order)['payment_id']);
        self::assertSame('https://bridge.example/checkout/chk_1', $first['checkout_url']);
        self::assertCount(1, $this->creates());
    }

    public function testStartAfterALostAnswerSendsTheSameKeyAndBody()
    {
        $order = $this->house->order();
        $this->house->bridge()->loses = 1;
        try {
            $this->house->payments->start($order);
            self::fail('the answer was not lost');
        } catch (NoAnswerException $lost) {
            $this->house->payments->start($order);
        }
        list($first, $second) = $this->creates();
        self::assertSame([$first, 1], [$second, count($this->house->bridge()->payments)]);
    }

    public function testStartWhileSomebodyElseStartsWaitsForThem()
    {
        $this->house->busy = true;
        $this->expectException(BusyException::class);
        $this->house->payments->start($this->house->order());
    }

    public function testStartThatTheBridgeRefusesEndsTheOrder()
    {
        $order = $this->house->order();
        $this->house->bridge()->refuses = [422, ['code' => 'currency_not_supported', 'detail' => 'No.']];
        try {
            $this->house->payments->start($order);
            self::fail('nothing was refused');
        } catch (ApiException $refused) {
            self::assertSame(['canceled', 'failed'], [$order->getState(), $this->house->tables->attempts[1]['status']]);
        }
    }

    /** @dataProvider others */
    public function testStartOfANumberThatAnotherOrdersPaymentHasAsksUnderAnotherReferenceAndTellsTheMerchant($theirs)
    {
        $order = $this->house->order();
        $this->house->bridge()->has($theirs + ['id' => 'pay_1', 'order_reference' => '000000123', 'amount' => 4999, 'currency' => 'EUR',
            'metadata' => ['attempt' => self::token('e')]] + PaperBridge::blank());
        $attempt = $this->house->payments->start($order);
        self::assertSame('pay_2', $attempt['payment_id']);
        self::assertMatchesRegularExpression('/^000000123~[0-9a-f]{8}$/', $attempt['order_reference']);
        self::assertStringContainsString('payment pay_1 of another order', $this->house->alerts[0]);
        self::assertSame($this->house->alerts, $order->comments);
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3], 'pay_2');
        $this->house->payments->refresh($attempt);
        self::assertSame(['pay_2', ['49.9900'], 1], [$order->getPayment()->getTransactionId(), $order->data['invoices'], count($this->house->alerts)]);
    }

    public function others()
    {
        return [
            'a shop restored from its backup of yesterday' => [['status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3]],
            'a shop renumbered' => [['status' => 'paid', 'amount' => 1, 'amount_captured' => 1, 'sequence' => 3]],
            'a clone under the same address' => [['status' => 'created']],
        ];
    }

    public function testStartOfAPaidOrderStartsNothing()
    {
        $order = $this->house->order();
        $order->data['invoices'] = ['49.9900'];
        self::assertNull($this->house->payments->start($order));
        self::assertSame([], $this->house->bridge()->asked);
    }

    public function testStartAfterADeclineEndsTheOrderInsteadOfAskingAgain()
    {
        $order = $this->house->order();
        $this->house->payments->start($order);
        $this->bridgeSays(['status' => 'declined', 'sequence' => 3]);
        self::assertNull($this->house->payments->start($order));
        self::assertSame(['canceled', 1], [$order->getState(), count($this->creates())]);
    }

    public function testStartOfAnotherStoreUsesThatStoresKey()
    {
        $this->house->settings['paymentbridge/connection/api_key@2'] = 'ENC:sk_store_2_key';
        $this->house->payments->start($this->house->order(200, '5.0000', 'EUR', 2));
        self::assertSame([[], 1], [$this->house->bridge()->asked, count($this->house->bridge('sk_store_2_key')->payments)]);
        $attempt = $this->house->tables->attempts[1];
        $this->house->payments->refresh($attempt);
        self::assertSame([], $this->house->bridge()->asked);
    }

    public function testRefreshOfAPaidPaymentMakesOneInvoiceAndOneMail()
    {
        $order = $this->house->order();
        $attempt = $this->house->payments->start($order);
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3]);
        $this->house->payments->refresh($attempt);
        $this->house->payments->refresh($attempt);
        self::assertSame([['49.9900'], 1], [$order->data['invoices'], $this->house->mails]);
        self::assertSame('pay_1', $order->getPayment()->getTransactionId());
    }

    public function testRefreshOfALateAttemptThatPaidFirstOneStaysPaid()
    {
        $order = $this->house->order();
        $first = $this->house->attempt($order, ['payment_id' => 'pay_a', 'token' => self::token('a')]);
        $second = $this->house->attempt($order, ['payment_id' => 'pay_b', 'token' => self::token('b'), 'attempt' => 2]);
        $this->house->bridge()->has($this->told(['id' => 'pay_b', 'status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3]));
        $this->house->bridge()->has($this->told(['id' => 'pay_a', 'status' => 'declined', 'sequence' => 4]));
        foreach ([$first, $second, $first] as $attempt) {
            $this->house->payments->refresh($attempt);
        }
        self::assertSame(['processing', ['49.9900']], [$order->getState(), $order->data['invoices']]);
    }

    public function testRefreshOfASecondPaidAttemptIsAnAlert()
    {
        $order = $this->house->order();
        $order->data['invoices'] = ['49.9900'];
        $this->house->attempt($order, ['payment_id' => 'pay_a', 'token' => self::token('a'), 'paid' => 1]);
        $second = $this->house->attempt($order, ['payment_id' => 'pay_b', 'token' => self::token('b'), 'attempt' => 2]);
        $this->house->bridge()->has($this->told(['id' => 'pay_b', 'status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3]));
        $this->house->payments->refresh($second);
        self::assertSame([1, ['49.9900']], [count($this->house->alerts), $order->data['invoices']]);
        self::assertStringContainsString('49.99 EUR', $this->house->alerts[0]);
    }

    public function testRefreshAfterARefundNotesItWithoutSavingTheOrder()
    {
        $order = $this->house->order();
        $order->data['invoices'] = ['49.9900'];
        $attempt = $this->house->attempt($order, ['paid' => 1, 'sequence' => 3]);
        $refunded = ['status' => 'paid', 'amount_captured' => 4999, 'amount_refunded' => 1000, 'sequence' => 5];
        $this->house->bridge()->has($this->told($refunded + ['id' => 'pay_1']));
        $this->house->payments->refresh($attempt);
        self::assertSame([['Refunded so far: 10.00 EUR.'], 0], [$order->comments, $this->house->saved]);
    }

    public function testRefreshAfterARefundThatFailedIsAnAlert()
    {
        $order = $this->house->order();
        $order->data['invoices'] = ['49.9900'];
        $attempt = $this->house->attempt($order, ['paid' => 1, 'sequence' => 5]);
        $this->house->tables->addRefund('ref_1', 'pay_1', 'reference', 1000);
        $this->house->bridge()->has($this->told(['id' => 'pay_1', 'status' => 'paid', 'amount_captured' => 4999, 'sequence' => 6]));
        $this->house->payments->refresh($attempt);
        self::assertStringContainsString('only 0.00 EUR', $this->house->alerts[0]);
    }

    public function testGiveUpCancelsThePaymentThenTheOrder()
    {
        $order = $this->house->order();
        $attempt = $this->house->payments->start($order);
        $this->house->payments->giveUp($attempt);
        self::assertSame(['canceled', 'canceled'], [$order->getState(), $this->house->bridge()->payments['pay_1']['status']]);
    }

    public function testGiveUpOfWhatIsPaidMeanwhileKeepsTheMoneyAndTheOrder()
    {
        $order = $this->house->order();
        $attempt = $this->house->payments->start($order);
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3]);
        $this->house->bridge()->refuses = [409, ['code' => 'not_cancelable']];
        $this->house->payments->giveUp($attempt);
        self::assertSame('processing', $order->getState());
    }

    public function testExpireAsksTheBridgeFirstAndBelievesIt()
    {
        $order = $this->house->order();
        $this->house->payments->start($order);
        $this->expire();
        self::assertSame('pending_payment', $order->getState());
        $this->bridgeSays(['status' => 'expired', 'sequence' => 3]);
        $this->expire();
        self::assertSame('canceled', $order->getState());
    }

    public function testExpireWithoutAnAnswerCancelsNothingAndGoesOn()
    {
        $silent = $this->house->order(124);
        $this->house->attempt($silent, ['payment_id' => 'pay_unknown', 'token' => self::token('x')]);
        $order = $this->house->order(125);
        $this->house->tables->neverAsked = [125];
        $this->expire();
        self::assertSame(['pending_payment', 'canceled'], [$silent->getState(), $order->getState()]);
    }

    public function testExpireOfAnOrderWhoseCustomerComesRightNowLeavesIt()
    {
        $order = $this->house->order();
        $this->house->tables->neverAsked = [123];
        $this->house->payments->start($order);
        $this->expire();
        self::assertSame('pending_payment', $order->getState());
    }

    public function testRefreshOfADeletedOrderChangesNothing()
    {
        $attempt = $this->house->payments->start($this->house->order());
        $this->house->paper = [];
        self::assertSame('nothing', $this->house->payments->refresh($attempt));
    }

    public function testExpireFindsWhatBecameOfALostCreate()
    {
        $order = $this->house->order();
        $this->house->bridge()->loses = 1;
        try {
            $this->house->payments->start($order);
        } catch (NoAnswerException $lost) {
            $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3]);
        }
        $this->expire();
        self::assertSame(['processing', 1], [$order->getState(), count($this->house->bridge()->payments)]);
    }

    /** @dataProvider cancels */
    public function testCancelWaitsForTheBridgeAndStopsNobodyWhoCancelsManyOrders($change, $refuses, $isCanceled)
    {
        $order = $this->house->order();
        $this->house->payments->start($order);
        $this->bridgeSays($change);
        $this->house->bridge()->refuses = $refuses;
        self::assertSame($isCanceled, $this->cancelAsMagentosJobDoes($order));
        self::assertSame([$isCanceled ? 'canceled' : 'pending_payment', (int) $isCanceled], [$order->getState(), $this->house->coupons]);
    }

    public function cancels()
    {
        $no = [409, ['code' => 'not_cancelable']];
        return [
            'waiting' => [[], null, true],
            'over already' => [['status' => 'declined'], $no, true],
            'paid' => [['status' => 'paid', 'amount_captured' => 4999], $no, false],
            'nobody knows' => [['status' => 'failed', 'outcome_known' => false], $no, false],
        ];
    }

    /** @dataProvider areas */
    public function testCancelOfOneOrderSaysWhyNotAndOfManyDoesNot($isOneAsked, $action, $isTold)
    {
        $this->house->payments->start($this->house->order());
        $this->house->bridge()->loses = 9;
        try {
            self::assertFalse($this->house->plugin($isOneAsked, $action)->aroundCancel($this->management(), [self::class, 'fail'], '123'));
            self::assertFalse($isTold);
        } catch (\Magento\Framework\Exception\LocalizedException $underWay) {
            self::assertTrue($isTold);
        }
    }

    public function areas()
    {
        return [
            'the button of one order' => [true, 'cancel', true],
            'the web API' => [true, null, true],
            'many orders of the list' => [true, 'massCancel', false],
            'an order that is edited' => [true, 'save', false],
            'a job' => [false, null, false],
        ];
    }

    public function testMagentosJobGoesOnWhateverBreaksAndDoesNotWaitForASilentBridgeTimeAndAgain()
    {
        $orders = array_map(function ($id) {
            $order = $this->house->order($id);
            $this->house->attempt($order, ['payment_id' => "pay_$id", 'body' => '{"metadata":{"attempt":"x"}}']);
            return $order;
        }, range(1, 20));
        $other = $this->house->order(21);
        $this->house->bridge()->loses = 99;
        foreach ($orders as $order) {
            $this->house->bridge()->has(['order_reference' => $order->getIncrementId()] + $this->told(['id' => 'pay_' . $order->getId()]));
            self::assertFalse($this->cancelAsMagentosJobDoes($order));
        }
        self::assertTrue($this->cancelAsMagentosJobDoes($other));
        self::assertCount(5, $this->house->bridge()->asked);
    }

    public function testMagentosJobGoesOnWhereTheDatabaseOfTheModuleIsBroken()
    {
        $order = $this->house->order();
        $this->house->attempt($order);
        unset($this->house->tables->attempts[1]['status']);
        self::assertFalse($this->cancelAsMagentosJobDoes($order));
        self::assertStringContainsString('could not be given up', $this->house->logged[0]);
    }

    public function testCancelOfAnOrderPaidAnotherWayIsNotOurs()
    {
        $order = $this->house->order();
        $order->getPayment()->setMethod('checkmo');
        self::assertTrue($this->cancelAsMagentosJobDoes($order));
        self::assertSame([], $this->house->bridge()->asked);
    }

    public function testOrderThatIsCanceledPastMagentosServiceIsCanceledAndSaysThatMoneyMayCome()
    {
        $order = $this->house->order();
        $attempt = $this->house->payments->start($order);
        $this->house->bridge()->loses = 9;
        $this->observed($order);
        self::assertStringContainsString('still under way', $order->comments[0]);
        $order->cancel();
        $this->house->bridge()->loses = 0;
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3]);
        self::assertSame('alert_late', $this->house->payments->refresh($attempt));
    }

    public function testOrderThatIsCanceledPastMagentosServiceHasItsPaymentGivenUp()
    {
        $order = $this->house->order();
        $this->house->payments->start($order);
        $this->observed($order);
        self::assertSame(['canceled', []], [$this->house->bridge()->payments['pay_1']['status'], $order->comments]);
    }

    /** @dataProvider numbers */
    public function testCancelOfAnOrderWithAnyNumberIsNoAccident($number)
    {
        $order = $this->house->order();
        $order->data['IncrementId'] = $number;
        $this->house->payments->start($order);
        self::assertTrue($this->cancelAsMagentosJobDoes($order));
    }

    public function numbers()
    {
        return [['A 7'], ['Bestellung Ä 7'], ['"7"'], ['a\\b'], ['№ 7'], [str_repeat('9', 50)]];
    }

    public function testCouponGoesBackWhenThePaymentIsDeclinedGivenUpOrExpired()
    {
        foreach (['declined', 'canceled', 'expired'] as $at => $status) {
            $order = $this->house->order($at + 1);
            $attempt = $this->house->payments->start($order);
            $this->bridgeSays(['status' => $status, 'sequence' => 3], $attempt['payment_id']);
            $this->house->payments->refresh($attempt);
            self::assertSame(['canceled', $at + 1], [$order->getState(), $this->house->coupons]);
        }
    }

    public function testOrderPaidOnHoldStaysThereWithItsInvoiceAndIsProcessingWhenItIsReleased()
    {
        $order = $this->house->order();
        $attempt = $this->house->payments->start($order);
        $order->hold();
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3]);
        $this->house->payments->refresh($attempt);
        self::assertSame(['holded', ['49.9900']], [$order->getState(), $order->data['invoices']]);
        $order->unhold();
        self::assertSame(['processing', 'processing'], [$order->getState(), $order->getStatus()]);
    }

    public function testOrderDeclinedOnHoldIsEnded()
    {
        $order = $this->house->order();
        $attempt = $this->house->payments->start($order);
        $order->hold();
        $this->bridgeSays(['status' => 'declined', 'sequence' => 3]);
        $this->house->payments->refresh($attempt);
        self::assertSame(['canceled', 1], [$order->getState(), $this->house->coupons]);
    }

    public function testPaymentThatIsOverHereAndOpenAtTheProviderIsToldInTheOrderAndToTheAdmin()
    {
        $order = $this->house->order();
        $attempt = $this->house->payments->start($order);
        $this->bridgeSays(['status' => 'expired', 'provider_open' => true, 'sequence' => 3]);
        $this->house->payments->refresh($attempt);
        self::assertSame(['canceled', 1], [$order->getState(), (int) $this->house->tables->attempts[1]['provider_open']]);
        self::assertStringContainsString('Payment pay_1 is over here, but the customer can still accept it', $this->house->alerts[0]);
        self::assertContains($this->house->alerts[0], $order->comments);
    }

    public function testOrderThatTheMerchantCanceledSaysThatItsPaymentIsStillOpenAtTheProvider()
    {
        $order = $this->house->order();
        $attempt = $this->house->payments->start($order);
        self::assertTrue($this->cancelAsMagentosJobDoes($order));
        $this->bridgeSays(['status' => 'canceled', 'provider_open' => true, 'sequence' => 10]);
        self::assertSame('alert_open', $this->house->payments->refresh($attempt));
        self::assertCount(1, $this->house->alerts);
    }

    public function testSecondPaymentThatIsToldBeforeTheFirstPaysNothingAndIsToldOnce()
    {
        $order = $this->house->order();
        $attempt = $this->house->payments->start($order);
        $paid = ['status' => 'paid', 'amount_captured' => 4999, 'duplicate_of' => 'pay_0'];
        foreach ([['sequence' => 3], ['sequence' => 4, 'amount_refund_pending' => 4999]] as $change) {
            $this->bridgeSays($change + $paid);
            self::assertSame('alert_double', $this->house->payments->refresh($attempt));
        }
        self::assertSame(['pending_payment', 1, 1], [$order->getState(), count($this->house->alerts), count($order->comments)]);
    }

    private function cancelAsMagentosJobDoes($order)
    {
        return $this->house->management()->cancel($order->getId());
    }

    private function management()
    {
        return $this->createMock(\Magento\Sales\Api\OrderManagementInterface::class);
    }

    private function observed($order)
    {
        $observer = new Observer();
        $observer->data['payment'] = $order->getPayment();
        (new GiveUpAtTheBridge($this->house->givingUp()))->execute($observer);
    }

    private function expire()
    {
        $house = $this->house;
        (new Expire($house->tables, $house->payments, $house->config))->execute();
    }

    private function bridgeSays(array $change, $id = 'pay_1')
    {
        $bridge = $this->house->bridge();
        $bridge->payments[$id] = $change + $bridge->payments[$id];
    }

    private function told(array $payment)
    {
        $attempt = $this->house->tables->attemptByPayment($payment['id']) ?? ['token' => ''];
        return $payment + ['order_reference' => '000000123', 'amount' => 4999, 'currency' => 'EUR',
            'metadata' => ['attempt' => $attempt['token']]] + PaperBridge::blank();
    }

    private static function token($letter)
    {
        return str_repeat($letter, 64);
    }

    private function creates()
    {
        return array_values(array_filter($this->house->bridge()->asked, static function ($one) {
            return $one[0] === 'create';
        }));
    }
}
