<?php

namespace PaymentBridge\Checkout\Tests;

use Magento\Payment\Gateway\Command\CommandException;
use PaymentBridge\Checkout\Gateway\RefundCommand;
use PHPUnit\Framework\TestCase;

final class RefundCommandTest extends TestCase
{
    /** @var House */
    private $house;

    private $order;

    protected function setUp(): void
    {
        $this->house = new House();
        $this->order = $this->house->order();
    }

    public function testRefundOfTwoEqualPartsIsTwoRefunds()
    {
        $this->refund('15.0000');
        $this->commit('15.0000');
        $this->refund('15.0000');
        self::assertCount(2, $this->house->bridge()->refunds);
        self::assertSame(3000, $this->house->tables->returned('pay_1'));
    }

    public function testRefundAfterALostAnswerAndARollbackHappensOnce()
    {
        $this->house->bridge()->loses = 1;
        self::assertStringContainsString('only once', $this->refusal('15.0000'));
        $this->refund('15.0000');
        self::assertCount(1, $this->house->bridge()->refunds);
        self::assertSame('ref_1', $this->order->getPayment()->getTransactionId());
    }

    public function testRefundWithoutAKnownOutcomeMakesNoMemoUntilItIsKnown()
    {
        $this->house->bridge()->outcomeKnown = false;
        $this->refusal('15.0000');
        $key = array_key_first($this->house->bridge()->refunds);
        $this->house->bridge()->refunds[$key]['outcome_known'] = true;
        $this->refund('15.0000');
        self::assertSame([$key], array_keys($this->house->bridge()->refunds));
    }

    public function testRefundAfterARefusalByTheProviderIsANewIntent()
    {
        $this->house->bridge()->refundStatus = 'failed';
        $this->refusal('15.0000');
        $this->house->bridge()->refundStatus = 'succeeded';
        $this->refund('15.0000');
        self::assertCount(2, $this->house->bridge()->refunds);
    }

    public function testRefundOfMoreThanIsLeftTellsTheMerchantWhy()
    {
        $this->house->bridge()->refuses = [422, ['code' => 'amount_too_large', 'detail' => 'Only 9.99 are left.']];
        self::assertStringContainsString('Only 9.99 are left.', $this->refusal('15.0000'));
        self::assertSame([], $this->house->tables->refunds);
    }

    public function testRefundThatAnotherPersonHasJustMadeIsNotMadeAgain()
    {
        $this->house->tables->refundedInTheDatabase = '15.0000';
        self::assertStringContainsString('Somebody else', $this->refusal('15.0000'));
        self::assertSame([], $this->house->bridge()->asked);
    }

    public function testRefundOfAllThatIsLeftClosesThePayment()
    {
        $this->refund('15.0000');
        self::assertFalse($this->order->getPayment()->getShouldCloseParentTransaction());
        $this->commit('15.0000');
        $this->refund('34.9900');
        self::assertTrue($this->order->getPayment()->getShouldCloseParentTransaction());
    }

    public function testRefundIsInTheOrdersCurrencyWhateverTheBaseCurrency()
    {
        $this->order = $this->house->order(124, '1234.0000', 'JPY');
        $this->refund('1000.0000', ['amount' => 6.2]);
        self::assertSame(1000, $this->house->bridge()->asked[0][2]['amount']);
    }

    private function refund($total, array $subject = [])
    {
        $payment = $this->order->getPayment();
        $memo = new \Anything();
        $memo->data['GrandTotal'] = $total;
        $payment->data['Creditmemo'] = $memo;
        $object = new \Anything();
        $object->data['Payment'] = $payment;
        (new RefundCommand($this->house->clients, $this->house->tables, $this->house->log))->execute(['payment' => $object] + $subject);
    }

    private function refusal($total)
    {
        try {
            $this->refund($total);
        } catch (CommandException $refused) {
            return $refused->getMessage();
        }
        self::fail('nothing was refused');
    }

    private function commit($total)
    {
        $payment = $this->order->getPayment();
        $payment->data['AmountRefunded'] = bcadd((string) $payment->data['AmountRefunded'] ?: '0', $total, 4);
        $this->house->tables->refundedInTheDatabase = $payment->data['AmountRefunded'];
    }
}
