<?php

namespace PaymentBridge\PrestaShop\Tests;

use PHPUnit\Framework\TestCase;

/**
 * A shop that was restored from a backup, renumbered or cloned sells an order's reference again (I23): the payment that the
 * bridge has under it is another order's, and pays nothing here, on whatever path it is heard of.
 */
final class OwnPaymentsTest extends TestCase
{
    private const THEIRS = 'beefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeef';

    /** @var House */
    private $house;

    protected function setUp(): void
    {
        $this->house = new House();
    }

    /** @dataProvider others */
    public function testOrderWhoseReferenceIsTakenIsPaidUnderItsOwnAndTheMerchantIsTold(array $theirs)
    {
        $this->theirs($theirs);
        $placed = $this->house->order();
        $attempt = $this->house->parts->payments()->start($placed, 'wallet');
        self::assertMatchesRegularExpression('/\AREFOF1~[0-9a-f]{8}\z/', $attempt['order_reference']);
        self::assertSame(['open', [], 'pay_2'], [$this->house->placed(1)->state(), $this->house->booked(), $attempt['payment_id']]);
        self::assertStringContainsString('was already used for payment pay_1 of another order', implode($this->house->notes(1)));
        self::assertCount(1, preg_grep('/^3 .*alert_foreign/', \PrestaShopLogger::$lines));

        self::assertSame(204, $this->house->tell('pay_1'));
        self::assertSame(['open', []], [$this->house->placed(1)->state(), $this->house->booked()]);

        $this->pay('pay_2');
        self::assertSame(204, $this->house->tell('pay_2'));
        self::assertSame(['paid', ['49.99'], 'REFOF1'], [$this->house->placed(1)->state(), $this->house->booked(), $this->house->placed(1)->reference()]);
        $this->house->parts->refunds()->refund($this->house->placed(1), 4999, 3);
        self::assertSame(4999, $this->house->parts->tables()->returned('pay_2'));
    }

    public function others()
    {
        $paid = ['status' => 'paid', 'amount_captured' => 4999];
        return [
            'restored from a backup, and the reference was paid after it' => [$paid],
            'the same, paid before payments had a mark' => [['metadata' => [], 'return_url' => 'https://shop.example/module/paymentbridge/return?token=' . self::THEIRS] + $paid],
            'renumbered, and the reference is of last year' => [['amount' => 100, 'amount_captured' => 100] + $paid],
            'a clone under the same address has a customer who is paying' => [['status' => 'pending']],
        ];
    }

    public function testRenumberedShopWithBothOrdersInItsDatabaseKeepsThemApart()
    {
        $old = $this->house->order();
        $this->house->paidPayment($old);
        $this->house->bridge()->keys['old'] = 'pay_1';
        $new = $this->house->order('49.990000', 1, ['reference' => $old->reference()]);
        $attempt = $this->house->parts->payments()->start($new, 'wallet');
        self::assertSame([2, 'pay_2'], [(int) $attempt['order_id'], $attempt['payment_id']]);
        $this->house->parts->expiry()->run(50);
        self::assertSame('open', $this->house->placed(2)->state());
        $this->pay('pay_2');
        $this->house->tell('pay_2');
        $this->house->bridgeSays([], 'pay_1');
        $this->house->tell('pay_1');
        self::assertSame(['paid', 'paid', ['49.99', '49.99']], [$this->house->placed(1)->state(), $this->house->placed(2)->state(), $this->house->booked()]);
        foreach ([1 => 'pay_1', 2 => 'pay_2'] as $order => $payment) {
            self::assertSame([$payment], array_keys($this->house->parts->refunds()->paidAttempts($this->house->placed($order))));
        }
        self::assertSame([], preg_grep('/alert_double|alert_late/', \PrestaShopLogger::$lines));
    }

    public function testNotificationOfTheirPaymentWhileTheOwnAnswerIsLostIsNotTakenForIt()
    {
        $placed = $this->house->order();
        $this->house->bridge()->loses = 1;
        try {
            $this->house->parts->payments()->start($placed, 'wallet');
        } catch (\PaymentBridge\Core\NoAnswerException $lost) {
            $this->house->bridge()->payments = $this->house->bridge()->keys = []; // it never arrived
        }
        $this->theirs(['status' => 'paid', 'amount_captured' => 4999]);
        self::assertSame(204, $this->house->tell('pay_1'));
        self::assertSame(['open', []], [$this->house->placed(1)->state(), $this->house->booked()]);
        $this->quiet();
        $this->house->parts->expiry()->run(50);
        $attempt = $this->house->parts->tables()->latestAttempt(1);
        self::assertSame(['open', 'pay_2'], [$this->house->placed(1)->state(), $attempt['payment_id']]);
    }

    /** @dataProvider paths */
    public function testPaymentThatAnEarlierVersionTookForItsOwnIsLetGoOnEveryPath(callable $path)
    {
        $this->theirs(['status' => 'paid', 'amount_captured' => 4999]);
        $body = ['order_reference' => 'REFOF1', 'amount' => 4999, 'currency' => 'EUR', 'method' => 'wallet'];
        $this->house->attempt($this->house->order(), ['body' => json_encode($body)]);
        $path($this->house);
        self::assertSame(['open', []], [$this->house->placed(1)->state(), $this->house->booked()]);
        $attempt = $this->house->parts->payments()->start($this->house->placed(1), 'wallet');
        self::assertSame('pay_2', $attempt['payment_id']);
        $this->pay('pay_2');
        $this->house->tell('pay_2');
        self::assertSame(['paid', ['49.99']], [$this->house->placed(1)->state(), $this->house->booked()]);
    }

    public function paths()
    {
        return [
            'return page' => [static function (House $house) {
                $house->open(\PaymentBridgeReturnModuleFrontController::class, ['token' => House::token(1)]);
            }],
            'cron' => [static function (House $house) {
                $house->db->run("UPDATE ps_payment_bridge_attempt SET updated_at = datetime('now', '-1 hour')");
                $house->answer('Cron', ['key' => 'cron-key']);
            }],
            'notification' => [static function (House $house) {
                $house->tell('pay_1');
            }],
            'the button again' => [static function (House $house) {
                $house->open(\PaymentBridgeStartModuleFrontController::class, ['token' => House::token(1)]);
            }],
        ];
    }

    public function testGivingUpAndCancelingNeverTouchTheirPayment()
    {
        $this->theirs(['status' => 'pending']);
        $this->house->attempt($this->house->order());
        $values = ['payment' => House::token(1), 'token' => 'token-of-5'];
        $this->house->open(\PaymentBridgeGiveupModuleFrontController::class, $values, 'POST');
        (new \OrderHistory())->changeIdOrderState(House::CANCELED, 1, true);
        self::assertSame(['canceled', 'pending'], [$this->house->placed(1)->state(), $this->house->bridge()->payments['pay_1']['status']]);
    }

    private function theirs(array $change)
    {
        $this->house->bridge()->has($change + ['id' => 'pay_1', 'order_reference' => 'REFOF1', 'amount' => 4999, 'currency' => 'EUR', 'sequence' => 3,
            'metadata' => ['attempt' => self::THEIRS]] + \PaymentBridge\Core\Tests\PaperBridge::blank());
    }

    private function pay($paymentId)
    {
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999], $paymentId);
    }

    private function quiet()
    {
        $this->house->db->run("UPDATE ps_payment_bridge_attempt SET updated_at = datetime('now', '-1 hour')");
    }
}
