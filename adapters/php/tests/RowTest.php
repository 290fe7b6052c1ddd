<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\Decision;
use PaymentBridge\Core\Row;
use PHPUnit\Framework\TestCase;

final class RowTest extends TestCase
{
    private const ROW = ['status' => 'created', 'sequence' => '3', 'refunded' => '500', 'checkout_url' => null, 'checkout_token' => null];
    private const PAYMENT = ['id' => 'pay_1', 'status' => 'pending', 'sequence' => 2, 'amount_refunded' => 0,
        'checkout' => ['url' => 'https://bridge.example/checkout/chk_1', 'token' => 'chk_1']];

    public function testChangeGoesForwardOnly()
    {
        $change = Row::change(self::ROW, Decision::NOTHING, self::PAYMENT);
        self::assertSame([3, 500], [$change['sequence'], $change['refunded']]);
    }

    public function testChangeRemembersTheCheckoutOfAPaymentWhoseAnswerWasLost()
    {
        $change = Row::change(self::ROW, Decision::PENDING, self::PAYMENT);
        self::assertSame(['https://bridge.example/checkout/chk_1', 'chk_1'], [$change['checkout_url'], $change['checkout_token']]);
    }

    public function testChangeKeepsTheCheckoutThatIsKnown()
    {
        $known = ['checkout_url' => 'https://bridge.example/checkout/chk_0', 'checkout_token' => 'chk_0'] + self::ROW;
        foreach ([self::PAYMENT, ['checkout' => null] + self::PAYMENT] as $payment) {
            self::assertSame('chk_0', Row::change($known, Decision::PENDING, $payment)['checkout_token']);
        }
    }

    /**
     * @dataProvider pages
     */
    public function testPageIsInTheLanguageThatWasAskedFor(?string $url, array $body, ?string $expected)
    {
        self::assertSame($expected, Row::page(['checkout_url' => $url, 'body' => json_encode($body)]));
    }

    public static function pages(): array
    {
        $url = 'https://bridge.example/checkout/chk_1';
        return [
            'a language' => [$url, ['payer' => ['locale' => 'de-DE']], $url . '?locale=de-DE'],
            'an odd language' => [$url, ['payer' => ['locale' => 'de&x=1']], $url . '?locale=de%26x%3D1'],
            'no language' => [$url, ['payer' => ['email' => 'erika@example.com']], $url],
            'no payer' => [$url, ['amount' => 100], $url],
            'no answer yet' => [null, ['payer' => ['locale' => 'de-DE']], null],
        ];
    }

    public function testChangeTakesNothingButItsIdFromAPaymentOverAnotherAmount()
    {
        $change = Row::change(self::ROW, Decision::ALERT_MISMATCH, self::PAYMENT);
        self::assertSame(['created', null, null], [$change['status'], $change['checkout_url'], $change['checkout_token']]);
    }
}
