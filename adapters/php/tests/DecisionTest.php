<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\Decision;
use PHPUnit\Framework\TestCase;

final class DecisionTest extends TestCase
{
    public const TOKEN = 'f00df00df00df00df00df00df00df00df00df00df00df00df00df00df00df00d';
    private const OTHERS = 'beefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeef';
    private const STATUSES = ['created', 'pending', 'authorized', 'paid', 'declined', 'failed', 'canceled', 'expired', 'new'];

    /** @dataProvider table */
    public function testOfFactsAndPaymentIsAsInTheTable($expected, array $facts, array $payment)
    {
        self::assertSame($expected, Decision::of($facts + self::facts(), $payment + self::payment()));
    }

    public function table()
    {
        $paid = ['status' => 'paid', 'amount_captured' => 4999];
        $ours = ['order' => 'paid', 'paid_by' => 'pay_1'];
        return [
            'the payer is asked' => [Decision::PENDING, [], ['status' => 'pending']],
            'reserved' => [Decision::AUTHORIZED, [], ['status' => 'authorized']],
            'paid' => [Decision::PAID, [], $paid],
            'paid in part' => [Decision::ALERT_PARTIAL, [], ['amount_captured' => 10] + $paid],
            'the word alone proves nothing' => [Decision::NOTHING, [], ['status' => 'paid']],
            'declined' => [Decision::CANCEL, [], ['status' => 'declined']],
            'expired' => [Decision::CANCEL, [], ['status' => 'expired']],
            'a lost outcome ends nothing' => [Decision::NOTHING, [], ['status' => 'failed', 'outcome_known' => false]],
            'an old attempt ends nothing' => [Decision::NOTHING, ['latest' => false], ['status' => 'declined']],
            'an old attempt may pay' => [Decision::PAID, ['latest' => false], $paid],
            'paid is sticky' => [Decision::NOTHING, $ours, ['status' => 'canceled']],
            'paid again' => [Decision::NOTHING, $ours, $paid],
            'told twice' => [Decision::NOTHING, ['sequence' => 3], ['sequence' => 3] + $paid],
            'told too late' => [Decision::NOTHING, ['sequence' => 9], ['status' => 'declined']],
            'refunded' => [Decision::REFUND_TOLD, $ours, ['amount_refunded' => 1500] + $paid],
            'refund known' => [Decision::NOTHING, ['refunded' => 1500] + $ours, ['amount_refunded' => 1500] + $paid],
            'refund on its way' => [Decision::NOTHING, ['returned' => 9] + $ours, ['amount_refund_pending' => 9] + $paid],
            'refund failed afterwards' => [Decision::ALERT_REFUND, ['returned' => 1500] + $ours, $paid],
            'refund of late money failed' => [Decision::ALERT_REFUND, ['order' => 'canceled', 'returned' => 4999], $paid],
            'refund of late money on its way' => [Decision::ALERT_LATE, ['order' => 'canceled', 'returned' => 4999],
                ['amount_refund_pending' => 4999] + $paid],
            'another paid already' => [Decision::ALERT_DOUBLE, ['order' => 'paid', 'paid_by' => 'pay_0'], $paid],
            'a second payment, told before the first' => [Decision::ALERT_DOUBLE, [], ['duplicate_of' => 'pay_0'] + $paid],
            'a second payment, given back' => [Decision::REFUND_TOLD, ['order' => 'paid', 'paid_by' => 'pay_0'],
                ['duplicate_of' => 'pay_0', 'amount_refunded' => 4999] + $paid],
            'a second payment, given back in part' => [Decision::ALERT_DOUBLE, ['order' => 'paid', 'paid_by' => 'pay_0'],
                ['duplicate_of' => 'pay_0', 'amount_refunded' => 10] + $paid],
            'the first of two payments' => [Decision::PAID, [], ['duplicate_of' => null] + $paid],
            'paid late, and given back' => [Decision::REFUND_TOLD, ['order' => 'canceled'], ['amount_refunded' => 4999] + $paid],
            'paid late' => [Decision::ALERT_LATE, ['order' => 'canceled'], $paid],
            'reserved late' => [Decision::ALERT_LATE, ['order' => 'canceled'], ['status' => 'authorized']],
            'declined late' => [Decision::NOTHING, ['order' => 'canceled'], ['status' => 'declined']],
            'another amount' => [Decision::ALERT_MISMATCH, [], ['amount' => 1] + $paid],
            'another currency' => [Decision::ALERT_MISMATCH, [], ['currency' => 'USD'] + $paid],
            'another order' => [Decision::ALERT_MISMATCH, [], ['order_reference' => '100000124'] + $paid],
            'another shop\'s, of the same number' => [Decision::FOREIGN, [], ['metadata' => ['attempt' => self::OTHERS]] + $paid],
            'without any mark' => [Decision::FOREIGN, [], ['metadata' => []] + $paid],
            'made before metadata had the mark' => [Decision::PAID, [], ['metadata' => ['cart' => '7'],
                'return_url' => 'https://shop.example/done/token/' . self::TOKEN . '/'] + $paid],
            'made before, of another order' => [Decision::FOREIGN, [], ['metadata' => [],
                'return_url' => 'https://shop.example/done/token/' . self::OTHERS . '/'] + $paid],
            'a row without a token' => [Decision::FOREIGN, ['token' => ''], ['return_url' => 'https://shop.example/'] + $paid],
            'over, and open at the provider' => [Decision::CANCEL, [], ['status' => 'canceled', 'provider_open' => true]],
            'canceled, and open at the provider' => [Decision::ALERT_OPEN, ['order' => 'canceled'],
                ['status' => 'expired', 'provider_open' => true]],
            'canceled, and over there too' => [Decision::NOTHING, ['order' => 'canceled'],
                ['status' => 'expired', 'provider_open' => false]],
            'a word of tomorrow' => [Decision::NOTHING, [], ['status' => 'on_the_moon']],
        ];
    }

    public function testOfAPaidOrderNothingWithoutMoneyEverChangesIt()
    {
        foreach (self::STATUSES as $status) {
            $facts = ['order' => 'paid', 'paid_by' => 'pay_1'] + self::facts();
            $decision = Decision::of($facts, ['status' => $status] + self::payment());
            self::assertContains($decision, [Decision::NOTHING], $status);
        }
    }

    public static function facts()
    {
        return ['token' => self::TOKEN, 'order_reference' => '100000123', 'amount' => 4999, 'currency' => 'EUR', 'sequence' => 0,
            'refunded' => 0, 'returned' => 0, 'order' => 'open', 'paid_by' => null, 'latest' => true];
    }

    public static function payment()
    {
        return ['id' => 'pay_1', 'order_reference' => '100000123', 'amount' => 4999, 'currency' => 'EUR', 'sequence' => 3,
            'status' => 'created', 'outcome_known' => true, 'amount_captured' => 0, 'amount_refunded' => 0,
            'amount_refund_pending' => 0, 'metadata' => ['attempt' => self::TOKEN]];
    }
}
