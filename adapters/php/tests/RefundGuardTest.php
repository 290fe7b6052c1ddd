<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\RefundFailedException;
use PaymentBridge\Core\RefundGuard;
use PaymentBridge\Core\RefundUnknownException;
use PHPUnit\Framework\TestCase;

final class RefundGuardTest extends TestCase
{
    private const DONE = ['id' => 'ref_1', 'status' => 'succeeded', 'outcome_known' => true];

    /** @var LocalBridge */
    private static $bridge;

    public static function setUpBeforeClass(): void
    {
        self::$bridge = new LocalBridge();
    }

    public static function tearDownAfterClass(): void
    {
        self::$bridge->stop();
    }

    public function testReferenceIsTheSameForARetryAndAnotherForASecondEqualRefund()
    {
        $first = RefundGuard::reference('100', 'pay_1', '0.0000', 1500, 'EUR');
        self::assertSame($first, RefundGuard::reference('100', 'pay_1', '0.0000', 1500, 'EUR'));
        self::assertNotSame($first, RefundGuard::reference('100', 'pay_1', '15.0000', 1500, 'EUR'));
        self::assertMatchesRegularExpression('/^[0-9a-f]{64}$/', $first);
    }

    public function testReferenceOfPiecesThatJoinAlikeDiffers()
    {
        self::assertNotSame(
            RefundGuard::reference('1', 'pay_1', '1', 1, 'EUR'),
            RefundGuard::reference('1', 'pay_', '11', 1, 'EUR')
        );
    }

    public function testRefundReturnsWhatTheBridgeDid()
    {
        self::$bridge->script([[200, ['data' => [], 'next_cursor' => null]], [201, self::DONE]]);
        self::assertSame('ref_1', $this->guard()->refund('pay_1', 'r', 1500, 'credit memo')['id']);
        $asked = self::$bridge->asked()[1];
        self::assertSame('{"amount":1500,"reason":"credit memo","refund_reference":"r"}', $asked['body']);
        self::assertSame('"r-0"', $asked['headers']['idempotency-key']);
    }

    public function testRefundAfterRefusalsOfTheSameIntentHasANewKey()
    {
        $refused = ['refund_reference' => 'r', 'status' => 'failed'];
        $others = [['refund_reference' => 'r', 'status' => 'succeeded'], ['refund_reference' => 's', 'status' => 'failed']];
        self::$bridge->script([
            [200, ['data' => array_merge([$refused], $others), 'next_cursor' => 'c']],
            [200, ['data' => [$refused], 'next_cursor' => null]],
            [201, self::DONE],
        ]);
        $this->guard()->refund('pay_1', 'r', 1500, 'x');
        self::assertSame('"r-2"', self::$bridge->asked()[2]['headers']['idempotency-key']);
    }

    /** @dataProvider answers */
    public function testRefundThatIsNotDoneThrowsWhatIsKnown($exception, $answer)
    {
        self::$bridge->script([[200, ['data' => [], 'next_cursor' => null]], $answer]);
        $this->expectException($exception);
        $this->guard()->refund('pay_1', 'r', 1500, 'x');
    }

    public function answers()
    {
        return [
            'refused by the bridge' => [RefundFailedException::class, [422, ['code' => 'amount_too_large']]],
            'refused by the provider' => [RefundFailedException::class, [201, ['status' => 'failed'] + self::DONE]],
            'lost on the way' => [RefundUnknownException::class, [202, ['status' => 'pending', 'outcome_known' => false]]],
            'no answer' => [RefundUnknownException::class, [500, '']],
            'a word of tomorrow' => [RefundUnknownException::class, [201, ['status' => 'odd'] + self::DONE]],
        ];
    }

    public function testRefundOfNothingIsNotSent()
    {
        self::$bridge->script([]);
        foreach ([0, -1, 1.5, '15'] as $amount) {
            try {
                $this->guard()->refund('pay_1', 'r', $amount, 'x');
                self::fail('nothing was thrown');
            } catch (RefundFailedException $refused) {
                self::assertSame([], self::$bridge->asked());
            }
        }
    }

    private function guard()
    {
        return new RefundGuard(new ImpatientClient(self::$bridge->url, 'sk_test_0123456789', 'Shop', 4));
    }
}
