<?php

namespace PaymentBridge\Checkout\Tests;

use Magento\Framework\Exception\LocalizedException;
use PaymentBridge\Checkout\Model\GiveBack;
use PaymentBridge\Core\Tests\PaperBridge;
use PHPUnit\Framework\TestCase;

/**
 * Money that no credit memo can give back: it came late or twice, or the memo is made and its refund failed afterwards.
 */
final class GiveBackTest extends TestCase
{
    private const PAID = ['status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3];

    /** @var House */
    private $house;

    private $order;

    protected function setUp(): void
    {
        $this->house = new House();
        $this->order = $this->house->order();
    }

    public function testLateMoneyOfACanceledOrderIsGivenBackOnce()
    {
        $this->late();
        self::assertSame([['pay_1', 4999, false]], $this->owed());
        $this->giveBack(4999);
        self::assertSame([4999], array_column($this->house->bridge()->refunds, 'amount'));
        self::assertStringContainsString('49.99 EUR of payment pay_1 were given back', end($this->order->comments));
        $this->bridgeSays(['amount_refunded' => 4999]);
        self::assertSame([], $this->owed());
        self::assertStringContainsString('not owed', $this->refusal(4999));
    }

    public function testSecondPaymentOfAPaidOrderIsGivenBackAndTheFirstIsNot()
    {
        $this->order->data['invoices'] = ['49.9900'];
        $this->house->attempt($this->order, ['paid' => 1, 'status' => 'paid']);
        $this->house->attempt($this->order, ['payment_id' => 'pay_2', 'attempt' => 2, 'status' => 'paid', 'token' => str_repeat('2', 64)]);
        $this->house->bridge()->has(['id' => 'pay_2'] + $this->shown());
        self::assertSame([['pay_2', 4999, false]], $this->owed());
    }

    public function testLostAnswerAndASecondPersonAreOneRefund()
    {
        $this->late();
        $this->house->bridge()->losesAfter = 1; // of the refund, after the look at the payment
        self::assertStringContainsString('only once', $this->refusal(4999));
        $this->giveBack(4999);
        self::assertCount(1, $this->house->bridge()->refunds);
        $this->house->busy = true;
        self::assertStringContainsString('Somebody else', $this->refusal(4999));
    }

    public function testRefundThatFailedAfterItsCreditMemoIsGivenBackAgain()
    {
        $this->refundedByMemo('failed');
        self::assertSame([['pay_1', 700, true]], $this->owed());
        $this->house->bridge()->refundStatus = 'pending';
        $this->giveBack(700);
        self::assertSame(['r-0', 'reference-1'], array_keys($this->house->bridge()->refunds));
        self::assertSame([700, []], [$this->house->tables->returned('pay_1'), $this->owed()]);
    }

    public function testRefundThatFailsASecondTimeIsOwedAgain()
    {
        $this->refundedByMemo('failed');
        $this->house->bridge()->refundStatus = 'pending';
        $this->giveBack(700);
        $this->house->bridge()->refunds['reference-1']['status'] = 'failed';
        $this->giveBack(700);
        self::assertSame(['r-0', 'reference-1', 'reference-2'], array_keys($this->house->bridge()->refunds));
    }

    public function testRefundThatIsDoneOrOnItsWayOrInDoubtIsNotOwed()
    {
        foreach (['succeeded', 'pending'] as $status) {
            $this->setUp();
            $this->refundedByMemo($status);
            self::assertSame([], $this->owed());
        }
    }

    public function testRefusalOfTheBridgeIsToldAndNothingIsBooked()
    {
        $this->late();
        $this->house->bridge()->refuses = [422, ['code' => 'amount_too_large', 'detail' => 'Nothing is left.']];
        self::assertStringContainsString('Nothing is left.', $this->refusal(4999));
        self::assertSame([], $this->house->tables->refunds);
    }

    public function testOrderWithoutSuchMoneyAsksTheBridgeNothing()
    {
        $this->house->attempt($this->order, ['status' => 'canceled']);
        $this->house->attempt($this->house->order(124), ['payment_id' => 'pay_2', 'status' => 'paid', 'paid' => 1]);
        self::assertSame([], array_merge($this->owed(), $this->model()->owed(124)));
        self::assertSame([], $this->house->bridge()->asked);
    }

    private function late()
    {
        $this->order->data['State'] = 'canceled';
        $attempt = $this->house->attempt($this->order);
        $this->house->bridge()->has($this->shown());
        self::assertSame('alert_late', $this->house->payments->refresh($attempt));
        $this->house->bridge()->asked = [];
    }

    private function refundedByMemo($status)
    {
        $this->order->data['invoices'] = ['49.9900'];
        $this->house->attempt($this->order, ['paid' => 1, 'status' => 'paid']);
        $this->house->bridge()->has($this->shown());
        $this->house->tables->addRefund('ref_1', 'pay_1', 'reference', 700);
        $this->house->bridge()->refunds['r-0'] = ['id' => 'ref_1', 'refund_reference' => 'reference', 'status' => $status, 'amount' => 700,
            'outcome_known' => true];
    }

    private function shown()
    {
        return self::PAID + ['id' => 'pay_1', 'order_reference' => '000000123', 'amount' => 4999, 'currency' => 'EUR',
            'metadata' => ['attempt' => House::TOKEN]] + PaperBridge::blank();
    }

    private function bridgeSays(array $change)
    {
        $this->house->bridge()->has($change + $this->house->bridge()->payments['pay_1']);
    }

    private function owed()
    {
        return array_map(static function ($sum) {
            return [$sum['payment_id'], $sum['amount'], $sum['is_booked']];
        }, $this->model()->owed(123));
    }

    private function giveBack($amount)
    {
        $this->model()->giveBack(123, 'pay_1', $amount);
    }

    private function refusal($amount)
    {
        try {
            $this->giveBack($amount);
        } catch (LocalizedException $refused) {
            return $refused->getMessage();
        }
        self::fail('nothing was refused');
    }

    private function model()
    {
        $house = $this->house;
        return new GiveBack($house->clients, $house->tables, $house->orders, $house->shop, $house->log);
    }
}
