<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\ApiException;
use PaymentBridge\Core\BusyException;
use PaymentBridge\Core\NoAnswerException;
use PHPUnit\Framework\TestCase;

final class PaymentsTest extends TestCase
{
    private const NO = [409, ['code' => 'not_cancelable']];

    /** @var PaperPayments */
    private $payments;

    protected function setUp(): void
    {
        $this->payments = new PaperPayments();
    }

    public function testBeginTwiceIsOnePayment()
    {
        $first = $this->payments->start();
        self::assertSame($first, array_intersect_key($this->payments->start(), $first));
        self::assertSame('https://bridge.example/checkout/chk_1', $first['checkout_url']);
        self::assertCount(1, $this->payments->bridge->payments);
    }

    public function testBeginAfterALostAnswerSendsTheSameKeyAndBody()
    {
        $this->payments->bridge->loses = 1;
        try {
            $this->payments->start();
            self::fail('the answer was not lost');
        } catch (NoAnswerException $lost) {
            self::assertSame('pay_1', $this->payments->start()['payment_id']);
        }
        list($first, $second) = $this->payments->bridge->asked;
        self::assertSame($first, $second);
    }

    public function testBeginWhileSomebodyElseBeginsIsBusy()
    {
        $this->payments->shop->refusesLock = true;
        $this->expectException(BusyException::class);
        $this->payments->start();
    }

    public function testBeginThatTheBridgeRefusesEndsTheOrder()
    {
        $this->payments->bridge->refuses = [422, ['code' => 'currency_not_supported', 'detail' => 'No.']];
        try {
            $this->payments->start();
            self::fail('nothing was refused');
        } catch (ApiException $refused) {
            self::assertSame([['No.'], 'failed'], [$this->payments->ended, $this->payments->attempts->rows[1]['status']]);
        }
    }

    public function testBeginOfAnAttemptThatTheBridgeKnowsTakesItsPayment()
    {
        $this->lost();
        $this->payments->bridge->keys = []; // kept for 30 days, and this is later
        self::assertSame('pay_1', $this->payments->start()['payment_id']);
        self::assertSame([1, []], [count($this->payments->bridge->payments), $this->payments->told]);
    }

    public function testBeginOfAnOrderThatIsPaidMeanwhileAsksForNoMoreMoney()
    {
        $this->payments->start();
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        self::assertNull($this->payments->start());
        self::assertSame(['paid', 1], [$this->payments->shop->order, count($this->payments->bridge->keys)]);
    }

    public function testBeginAfterAnAttemptThatIsOverIsANewAttemptWithANewKey()
    {
        $this->payments->start();
        $this->payments->attempts->rows[1]['status'] = 'declined';
        $this->bridgeSays(['status' => 'declined']);
        $this->payments->shop->attempts['pay_1']['sequence'] = 3; // and it was applied
        $second = $this->payments->start();
        self::assertSame([2, 'pay_2'], [$second['attempt'], $second['payment_id']]);
        self::assertCount(2, array_unique(array_column($this->payments->attempts->rows, 'idempotency_key')));
    }

    public function testGiveUpCancelsThePaymentThenTheOrder()
    {
        $this->payments->giveUp($this->payments->start());
        self::assertSame('canceled', $this->payments->bridge->payments['pay_1']['status']);
        self::assertSame('canceled', $this->payments->shop->order);
    }

    public function testGiveUpOfWhatIsPaidMeanwhileKeepsTheMoneyAndTheOrder()
    {
        $attempt = $this->payments->start();
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        $this->payments->bridge->refuses = self::NO;
        $this->payments->giveUp($attempt);
        self::assertSame('paid', $this->payments->shop->order);
    }

    public function testGiveUpOfAnAttemptWhoseAnswerWasLostFindsItAndCancelsIt()
    {
        $this->payments->giveUp($this->lost());
        self::assertSame(['canceled'], array_column($this->payments->bridge->payments, 'status'));
        self::assertSame('canceled', $this->payments->shop->order);
    }

    public function testIsGivenUpOfAnAttemptWhoseAnswerWasLostCancelsItToo()
    {
        self::assertTrue($this->payments->isGivenUp($this->lost()));
        self::assertSame(['canceled'], array_column($this->payments->bridge->payments, 'status'));
    }

    /** @dataProvider ends */
    public function testIsGivenUpOnlyWhenNoMoneyHasMovedOrCan($change, $refuses, $isGivenUp)
    {
        $attempt = $this->payments->start();
        $this->bridgeSays($change);
        $this->payments->bridge->refuses = $refuses;
        self::assertSame($isGivenUp, $this->payments->isGivenUp($attempt));
    }

    public function ends()
    {
        return [
            'waiting' => [[], null, true],
            'over already' => [['status' => 'declined'], self::NO, true],
            'paid' => [['status' => 'paid', 'amount_captured' => 4999], self::NO, false],
            'nobody knows' => [['status' => 'failed', 'outcome_known' => false], self::NO, false],
        ];
    }

    public function testIsGivenUpWithoutAnAnswerIsNo()
    {
        $attempt = $this->payments->start();
        $this->payments->bridge->loses = 2;
        self::assertFalse($this->payments->isGivenUp($attempt));
    }

    public function testEndNeverAskedOfAnOrderWhoseCustomerComesRightNowLeavesIt()
    {
        $this->payments->start();
        $this->payments->endNeverAsked(PaperPayments::ORDER);
        self::assertSame('open', $this->payments->shop->order);
    }

    public function testEndNeverAskedEndsTheOrder()
    {
        $this->payments->endNeverAsked(PaperPayments::ORDER);
        self::assertSame([null], $this->payments->ended);
    }

    public function testLookAfterGoesOnAfterAFailureAndNamesNoSecret()
    {
        $seen = [];
        $this->payments->lookAfter(['1', '2'], static function ($order) use (&$seen) {
            $seen[] = $order;
            throw new \RuntimeException('Bearer sk_live_0123456789');
        });
        self::assertSame(['1', '2'], $seen);
        self::assertStringNotContainsString('sk_live', implode($this->payments->shop->log));
    }

    /** @dataProvider silences */
    public function testLookAfterLeavesTheRestForTheNextRunWhereTheBridgeIsSilent($heard, $expected)
    {
        $seen = 0;
        $this->payments->lookAfter(range(1, 9), static function ($order) use (&$seen, $heard) {
            $seen++;
            if ($order !== $heard) {
                throw new NoAnswerException('curl error 28');
            }
        });
        self::assertSame($expected, $seen);
    }

    public function silences()
    {
        return ['always' => [null, 5], 'all but once' => [5, 9], 'all but the first' => [1, 6]];
    }

    private function lost()
    {
        $this->payments->bridge->loses = 1;
        try {
            $this->payments->start();
            self::fail('the answer was not lost');
        } catch (NoAnswerException $lost) {
            $attempt = $this->payments->attempts->latestAttempt(PaperPayments::ORDER);
            $this->payments->shop->attempt('pay_1', $attempt['token']);
        }
        return $attempt;
    }

    private function bridgeSays(array $change)
    {
        $bridge = $this->payments->bridge;
        $bridge->payments['pay_1'] = $change + ['sequence' => 3] + $bridge->payments['pay_1'];
    }
}
