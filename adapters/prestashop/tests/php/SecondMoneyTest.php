<?php

namespace PaymentBridge\PrestaShop\Tests;

use PaymentBridge\PrestaShop\Refunds;
use PHPUnit\Framework\TestCase;

/**
 * Money that came a second time or late, payments that are over here and open at the provider, refunds that fail days later: the
 * merchant is told on the order and in the log, and can give the money back in the panel.
 */
final class SecondMoneyTest extends TestCase
{
    /** @var House */
    private $house;

    protected function setUp(): void
    {
        $this->house = new House();
    }

    public function testSecondPaymentIsToldOnTheOrderOnceAndCanBeGivenBack()
    {
        $placed = $this->house->order();
        $this->house->paidPayment($placed);
        $this->second($placed);
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'duplicate_of' => 'pay_1'], 'pay_2');
        $first = $this->house->tell('pay_2');
        $this->house->bridgeSays(['amount_refund_pending' => 100], 'pay_2');
        self::assertSame([204, 204], [$first, $this->house->tell('pay_2', 'evt_more')]);
        $this->house->bridgeSays(['amount_refund_pending' => 0], 'pay_2');
        self::assertStringContainsString('49.99 EUR (pay_2) arrived a second time', implode($this->house->notes(1)));
        self::assertCount(1, preg_grep('/^3 .*alert_double/', \PrestaShopLogger::$lines));
        self::assertSame(Refunds::DONE, $this->house->parts->refunds()->refund($this->house->placed(1), 4999, 3, 0, 'pay_2')[0]);
        self::assertSame([0, 4999], [$this->house->parts->tables()->returned('pay_1'), $this->house->parts->tables()->returned('pay_2')]);
        self::assertSame([House::PAID], $this->house->history(1));
    }

    public function testSecondPaymentThatIsToldFirstPaysNothingAndTheFirstOnePays()
    {
        $placed = $this->house->order();
        $this->house->attempt($placed);
        $this->second($placed);
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999], 'pay_1');
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'duplicate_of' => 'pay_1'], 'pay_2');
        $this->house->tell('pay_2');
        self::assertSame(['open', []], [$this->house->placed(1)->state(), $this->house->booked()]);
        $this->house->tell('pay_1');
        self::assertSame(['paid', ['49.99']], [$this->house->placed(1)->state(), $this->house->booked()]);
        self::assertSame('pay_1', $this->house->db->one('SELECT transaction_id FROM ps_order_payment'));
    }

    public function testSecondPaymentThatTheBridgeGivesBackIsTold()
    {
        $placed = $this->house->order();
        $this->house->paidPayment($placed);
        $this->second($placed);
        $paid = ['status' => 'paid', 'amount_captured' => 4999, 'duplicate_of' => 'pay_1'];
        foreach ([[], ['amount_refunded' => 4999]] as $told) {
            $this->house->bridgeSays($told + $paid, 'pay_2');
            $this->house->tell('pay_2');
        }
        self::assertStringContainsString('Refunded so far: 49.99 EUR.', implode($this->house->notes(1)));
        self::assertCount(1, preg_grep('/^3 /', \PrestaShopLogger::$lines));
        $second = $this->house->parts->refundPanel()->view(1)['payments'][1];
        self::assertSame(['pay_2', '0.00 EUR'], [$second['payment'], $second['left']]);
    }

    /** @dataProvider ends */
    public function testPaymentThatIsOpenAtTheProviderIsToldOnceAndItsMoneyCanBeGivenBack(callable $end)
    {
        $this->house->attempt($this->house->order());
        $this->house->bridgeSays([]);
        $end($this->house);
        self::assertSame('canceled', $this->house->placed(1)->state());
        self::assertStringContainsString('Payment pay_1 is over here, but the customer can still accept it', implode($this->house->notes(1)));
        self::assertCount(1, preg_grep('/^3 .*alert_open/', \PrestaShopLogger::$lines));
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'provider_open' => false]);
        $this->house->tell();
        self::assertCount(1, preg_grep('/^3 .*alert_late/', \PrestaShopLogger::$lines));
        self::assertSame(Refunds::DONE, $this->house->parts->refunds()->refund($this->house->placed(1), 4999, 3, 0, 'pay_1')[0]);
        self::assertSame('canceled', $this->house->placed(1)->state());
    }

    public function testPaymentThatIsOpenAtTheProviderStandsOnTheOrderWithTheFirstWordOfIt()
    {
        $this->house->attempt($this->house->order());
        $this->house->bridgeSays(['status' => 'expired', 'provider_open' => true]);
        $this->house->tell();
        self::assertSame('canceled', $this->house->placed(1)->state());
        self::assertStringContainsString('Payment pay_1 is over here, but the customer can still accept it', implode($this->house->notes(1)));
        self::assertCount(1, preg_grep('/^3 .*alert_open/', \PrestaShopLogger::$lines));
    }

    public function ends()
    {
        $tellTwice = static function (House $house) {
            $house->bridgeSays(['status' => 'canceled', 'provider_open' => true]);
            $house->tell();
            $house->bridgeSays([]);
            $house->tell();
        };
        return [
            'expired, given up' => [$tellTwice],
            'canceled by the merchant' => [static function (House $house) use ($tellTwice) {
                $house->bridge()->payments['pay_1']['provider_open'] = true;
                (new \OrderHistory())->changeIdOrderState(House::CANCELED, 1, true);
                $tellTwice($house);
            }],
        ];
    }

    /** @dataProvider pages */
    public function testPageSaysThatNothingWasChargedOnlyByTheProvidersWord(array $told, $words)
    {
        $this->house->attempt($this->house->order());
        $this->house->bridgeSays($told);
        if (!($told['outcome_known'] ?? true)) {
            $this->house->parts->orders()->cancel($this->house->placed(1));
        }
        $this->house->cart();
        $this->house->open(\PaymentBridgeReturnModuleFrontController::class, ['token' => House::token(1)]);
        self::assertSame($words, $this->house->context->smarty->assigned['paymentbridge']['ending']);
        $template = file_get_contents(__DIR__ . '/../../module/views/templates/front/return.tpl');
        self::assertSame(1, substr_count($template, 'nothing was charged'));
        self::assertMatchesRegularExpression("/ending === 'nothing_taken'\}\s+\{l s='The payment is over, and nothing was charged/", $template);
    }

    public function pages()
    {
        return [
            'declined' => [['status' => 'declined'], 'nothing_taken'],
            'over, and open at the provider' => [['status' => 'expired', 'provider_open' => true], 'open_there'],
            'over, and nobody knows' => [['status' => 'canceled', 'outcome_known' => false], ''],
        ];
    }

    public function testMessageInTheCartSaysThatNothingWasPaidOnlyByTheProvidersWord()
    {
        foreach (['Nothing was paid' => false, 'you can still accept its payment' => true] as $words => $isOpen) {
            $this->house = new House();
            $this->house->attempt($this->house->order());
            $this->house->bridgeSays(['status' => 'canceled', 'provider_open' => $isOpen]);
            $this->house->open(\PaymentBridgeReturnModuleFrontController::class, ['token' => House::token(1)]);
            self::assertStringContainsString($words, implode($this->house->context->cookie->notifications));
        }
    }

    public function testRefundOfAllThatTheWalletTurnsDownLeavesTheOrderPaidAndAllOfItCanBeRefundedAgain()
    {
        $this->house->paidPayment($this->house->order());
        $this->house->bridge()->refundStatus = 'pending';
        $this->house->parts->refunds()->refund($this->house->placed(1), 4999, 3);
        self::assertSame([House::PAID], $this->house->history(1), 'it is only on its way');
        $this->house->bridge()->refundsNow = 'failed';
        $this->house->bridgeSays([]);
        $this->house->tell();
        self::assertSame([House::PAID], $this->house->history(1));
        self::assertCount(1, preg_grep('/^3 .*alert_refund/', \PrestaShopLogger::$lines));
        $view = $this->house->parts->refundPanel()->view(1)['payments'][0];
        self::assertSame(['49.99 EUR', true], [$view['left'], $view['is_left']]);
    }

    public function testRefundOfAllThatTheCustomerTakesDaysLaterClosesTheOrderThen()
    {
        $this->house->paidPayment($this->house->order());
        $this->house->bridge()->refundStatus = 'pending';
        $this->house->parts->refunds()->refund($this->house->placed(1), 4999, 3);
        $this->house->bridge()->refundsNow = 'succeeded';
        $this->house->bridgeSays(['amount_refunded' => 4999]);
        $this->house->tell();
        self::assertSame([House::PAID, House::REFUNDED], $this->house->history(1));
    }

    public function testRefundThatFailsWhileTheBridgeIsSilentIsLearntWhenTheNotificationIsRepeated()
    {
        $this->house->paidPayment($this->house->order());
        $this->house->bridge()->refundStatus = 'pending';
        $this->house->parts->refunds()->refund($this->house->placed(1), 1500, 3);
        $this->house->bridgeSays([]);
        $known = $this->house->bridge()->refunds;
        $this->house->bridge()->refunds = [];
        self::assertSame(500, $this->house->tell(), 'the refund cannot be asked about');
        $this->house->bridge()->refunds = $known;
        $this->house->bridge()->refundsNow = 'failed';
        self::assertSame(204, $this->house->tell());
        self::assertSame('49.99 EUR', $this->house->parts->refundPanel()->view(1)['payments'][0]['left']);
    }

    private function second($placed)
    {
        return $this->house->attempt($placed, ['payment_id' => 'pay_2', 'attempt' => 2, 'token' => House::token(2), 'idempotency_key' => 'key-2']);
    }
}
