<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\ApiException;
use PaymentBridge\Core\BusyException;
use PaymentBridge\Core\Decision;
use PaymentBridge\Core\Mark;
use PaymentBridge\Core\NoAnswerException;
use PaymentBridge\Core\Row;
use PHPUnit\Framework\TestCase;

/**
 * A shop that was restored, cloned or renumbered sells an order number again: only the payments that its own attempts have
 * asked for are its own. I23.
 */
final class OwnPaymentsTest extends TestCase
{
    private const THEIRS = 'aaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccdddd';

    /** @var PaperPayments */
    private $payments;

    protected function setUp(): void
    {
        $this->payments = new PaperPayments();
    }

    /** @dataProvider others */
    public function testBeginOfANumberThatIsTakenAsksUnderAReferenceOfItsOwn(array $theirs)
    {
        $this->theirs($theirs);
        $attempt = $this->payments->start();
        self::assertMatchesRegularExpression('/\A100000123~[0-9a-f]{8}\z/', $attempt['order_reference']);
        self::assertSame(['pay_2', 'open'], [$attempt['payment_id'], $this->payments->shop->order]);
        self::assertSame([[$attempt['order_reference'], 'pay_1']], $this->payments->told);
        $body = $this->payments->bridge->payments['pay_2'];
        self::assertSame([$attempt['order_reference'], $attempt['token']], [$body['order_reference'], $body['metadata']['attempt']]);
    }

    public function others()
    {
        $paid = ['status' => 'paid', 'amount_captured' => 4999];
        $old = ['metadata' => [], 'return_url' => 'https://shop.example/done?token=' . self::THEIRS];
        return [
            'restored from a backup, and the number was paid after it' => [$paid],
            'the same, paid before payments had a mark' => [$old + $paid],
            'renumbered, and the number is of last year' => [['amount' => 100, 'amount_captured' => 100] + $paid],
            'a clone under the same address has a customer who is paying' => [['status' => 'pending']],
        ];
    }

    public function testBeginAgainIsTheSamePaymentAndIsToldOnce()
    {
        $this->theirs();
        $first = $this->payments->start();
        self::assertSame($first['payment_id'], $this->payments->start()['payment_id']);
        self::assertCount(1, $this->payments->told);
    }

    public function testBeginAfterALostAnswerUnderTheOwnReferenceSendsTheSameAgain()
    {
        $this->theirs();
        $bridge = $this->payments->bridge;
        $bridge->losesAfter = 1; // of the second create, after the look at their payment
        $this->startInVain(NoAnswerException::class);
        self::assertSame('pay_2', $this->payments->start()['payment_id']);
        self::assertSame([2, 1], [count($bridge->payments), count($this->payments->told)]);
    }

    public function testNotificationOfTheOwnReferencePaysTheOrder()
    {
        $this->theirs();
        $attempt = $this->payments->start();
        $this->bridgeSays($attempt['payment_id'], ['status' => 'paid', 'amount_captured' => 4999]);
        $decision = $this->payments->processor()->learn($attempt['payment_id'], $attempt['order_reference']);
        self::assertSame([Decision::PAID, 'paid'], [$decision, $this->payments->shop->order]);
    }

    public function testLockIsTheSameForANumberAndForEveryReferenceMadeOfIt()
    {
        $one = Mark::reference('100000123', self::THEIRS);
        $other = Mark::reference($one, DecisionTest::TOKEN);
        self::assertSame([Row::lock('100000123'), Row::lock('100000123')], [Row::lock($one), Row::lock($other)]);
        self::assertSame(['100000123', true, false], [Mark::number($other), Mark::isMarked($one), Mark::isMarked('100000123')]);
        self::assertNotSame(Row::lock('100000123'), Row::lock('100000124'));
    }

    public function testSecondAttemptKeepsTheOwnReference()
    {
        $this->theirs();
        $first = $this->payments->start();
        $this->bridgeSays($first['payment_id'], ['status' => 'declined']);
        $this->payments->attempts->rows[1]['status'] = 'declined';
        $this->payments->shop->attempts[$first['payment_id']]['sequence'] = 99;
        $second = $this->payments->start();
        self::assertSame([$first['order_reference'], 2, 1], [$second['order_reference'], $second['attempt'], count($this->payments->told)]);
    }

    public function testNumberTooLongForAMarkEndsTheOrderBeforeTheCustomerPays()
    {
        $this->payments->number = str_repeat('9', 60);
        $this->theirs(['order_reference' => $this->payments->number]);
        $this->startInVain(ApiException::class);
        self::assertSame(['canceled', 'failed', 1], [
            $this->payments->shop->order, $this->payments->attempts->rows[1]['status'], count($this->payments->bridge->payments),
        ]);
    }

    public function testEarlierAttemptThatIsOpenAtTheBridgeIsWaitedForAndNobodyPaysTwice()
    {
        $first = $this->payments->start();
        $this->payments->attempts->rows[1]['status'] = 'canceled';
        $this->payments->shop->attempts[$first['payment_id']]['sequence'] = 99;
        $this->startInVain(BusyException::class);
        self::assertSame([1, []], [count($this->payments->bridge->payments), $this->payments->told]);
    }

    public function testPaymentThatAnEarlierVersionTookForItsOwnIsLetGo()
    {
        $attempt = $this->adopted();
        self::assertSame(Decision::FOREIGN, $this->payments->refresh($attempt));
        $row = $this->payments->attempts->rows[1];
        self::assertSame([null, null, 'created', 'open'], [
            $row['payment_id'], $row['checkout_url'], $row['status'], $this->payments->shop->order,
        ]);
        self::assertCount(1, $this->payments->told);
        self::assertSame('pay_2', $this->payments->start()['payment_id']);
    }

    public function testGiveUpAndCancelNeverTouchThePaymentOfAnotherOrder()
    {
        $attempt = $this->adopted();
        self::assertTrue($this->payments->isGivenUp($attempt));
        $this->payments->giveUp($attempt);
        self::assertSame('pending', $this->payments->bridge->payments['pay_1']['status']);
    }

    public function testIsGivenUpWhereOnlyAnotherOrdersPaymentHasTheNumberIsYesAndAsksForNothing()
    {
        $this->payments->bridge->losesAfter = 0;
        $this->startInVain(NoAnswerException::class);
        $this->payments->bridge->payments = $this->payments->bridge->keys = []; // it never arrived
        $this->theirs();
        self::assertTrue($this->payments->isGivenUp($this->payments->attempts->rows[1]));
        self::assertSame(['pay_1'], array_keys($this->payments->bridge->payments));
    }

    private function theirs(array $change = [])
    {
        $this->payments->bridge->has($change + ['id' => 'pay_1', 'order_reference' => '100000123', 'amount' => 4999, 'currency' => 'EUR',
            'metadata' => ['attempt' => self::THEIRS]] + PaperBridge::blank());
    }

    /** A row as a version before marks has left it: with the payment of somebody else. */
    private function adopted()
    {
        $this->theirs(['status' => 'pending']);
        $this->payments->shop->attempt('pay_1', DecisionTest::TOKEN);
        return $this->payments->attempts->addAttempt(['order_id' => PaperPayments::ORDER, 'order_reference' => '100000123', 'store_id' => 1,
            'attempt' => 1, 'payment_id' => 'pay_1', 'token' => DecisionTest::TOKEN, 'idempotency_key' => 'order-100000123-1-abc',
            'body' => '{"order_reference":"100000123","amount":4999,"currency":"EUR"}', 'amount' => 4999, 'currency' => 'EUR',
            'checkout_url' => 'https://bridge.example/checkout/chk_theirs', 'checkout_token' => 'chk_theirs']);
    }

    private function startInVain($exception)
    {
        try {
            $this->payments->start();
            self::fail('nothing was thrown');
        } catch (\RuntimeException $thrown) {
            self::assertInstanceOf($exception, $thrown);
        }
    }

    private function bridgeSays($id, array $change)
    {
        $bridge = $this->payments->bridge;
        $bridge->payments[$id] = $change + ['sequence' => 3] + $bridge->payments[$id];
    }
}
