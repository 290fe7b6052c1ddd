<?php

namespace PaymentBridge\PrestaShop\Tests;

use PaymentBridge\Core\Tests\DoorCases;
use PHPUnit\Framework\TestCase;

/**
 * The pages that customers, the bridge and a cron job open.
 */
final class DoorsTest extends TestCase
{
    private const RETURNED = \PaymentBridgeReturnModuleFrontController::class;

    /** @var House */
    private $house;

    protected function setUp(): void
    {
        $this->house = new House();
    }

    public function testOrdersPageLetsItsCustomerGoOnPaying()
    {
        $placed = $this->house->order();
        $this->house->attempt($placed);
        $detail = function () {
            unset($this->house->context->smarty->assigned['paymentbridge_start_url']);
            $this->house->module->hookDisplayOrderDetail(['order' => new \Order(1)]);
            return $this->house->context->smarty->assigned['paymentbridge_start_url'] ?? null;
        };
        $this->house->context->customer = new \Customer(5);
        self::assertStringContainsString('/start?token=' . House::token(1), $detail());
        $this->house->context->customer = new \Customer(6);
        self::assertNull($detail(), 'somebody else');
        $this->house->context->customer = new \Customer(5);
        $this->house->parts->orders()->cancel($placed);
        self::assertNull($detail(), 'not waiting any more');
    }

    /** @dataProvider notifications */
    public function testNotificationIsAnsweredWithAStatusAndNothingElse($status, $verb, $body, $age, $secret)
    {
        self::assertSame($status, $this->notify($verb, $body, $age, $secret));
        self::assertTrue($this->house->context->cookie->disallowed);
    }

    public function notifications()
    {
        return DoorCases::notifications(House::SECRET);
    }

    public function testNotificationThatCrashesIs500WithoutAWord()
    {
        $attempt = $this->house->attempt($this->house->order());
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        \OrderHistory::$crash = [House::PAID];
        self::assertSame(500, $this->notify('POST', $this->paid($attempt)));
        \OrderHistory::$crash = [];
        $this->house->db->run('UPDATE ps_orders SET current_state = 20');
        self::assertSame(204, $this->notify('POST', $this->paid($attempt)));
        self::assertSame(['paid', ['49.99']], [$this->house->placed(1)->state(), $this->house->booked()]);
    }

    public function testNotificationWhileSomebodyElseWorksOnTheOrderIs503()
    {
        $attempt = $this->house->attempt($this->house->order());
        $this->house->db->locked = ['paymentbridge_'];
        self::assertSame(503, $this->notify('POST', $this->paid($attempt)));
    }

    public function testNotificationBeforeAndAfterTheReturnIsOnePaymentAndOneMail()
    {
        $attempt = $this->house->attempt($this->house->order());
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        $this->notify('POST', $this->paid($attempt));
        $this->house->open(self::RETURNED, ['token' => $attempt['token']]);
        $this->notify('POST', str_replace('evt_1', 'evt_2', $this->paid($attempt)));
        self::assertSame([['49.99'], 1], [$this->house->booked(), count(\OrderHistory::$mails)]);
        self::assertSame([House::PAID], $this->house->history(1));
    }

    public function testNotificationWithAnIdThatIsSqlFindsNothingAndBreaksNothing()
    {
        $this->house->attempt($this->house->order());
        $evil = "pay_1' OR '1'='1";
        $body = json_encode(['id' => "evt' --", 'type' => 'payment.paid', 'sequence' => 1, 'data' => ['payment' => ['id' => $evil,
            'order_reference' => "x' OR '1'='1", 'status' => 'paid', 'currency' => 'EUR', 'amount' => 1, 'sequence' => 1, 'amount_captured' => 1,
            'amount_refunded' => 0, 'amount_refund_pending' => 0, 'outcome_known' => true]]]);
        self::assertSame(204, $this->notify('POST', $body));
        self::assertSame([[], 'open'], [$this->house->bridge()->asked, $this->house->placed(1)->state()]);
    }

    public function testReturnForAStrangerIsAPageWhateverBecameOfThePayment()
    {
        foreach ([House::WAITING, House::CANCELED] as $n => $state) {
            $attempt = $this->house->attempt($this->house->order('49.990000', 1, ['current_state' => $state]), ['sequence' => 99,
                'payment_id' => "pay_$n", 'token' => House::token($n), 'idempotency_key' => "k$n"]);
            $this->house->context->customer = new \Customer(6);
            self::assertSame('module:paymentbridge/views/templates/front/return.tpl', $this->house->open(self::RETURNED, ['token' => $attempt['token']]));
            self::assertFalse($this->house->context->smarty->assigned['paymentbridge']['is_own']);
        }
        self::assertNull($this->house->context->cart->id);
    }

    public function testReturnShowsAStrangerNoSecretKey()
    {
        $placed = $this->house->order();
        $this->house->paidPayment($placed);
        $this->house->context->customer = new \Customer(6);
        $this->house->open(self::RETURNED, ['token' => House::token(1)]);
        self::assertStringNotContainsString('secret-key', json_encode($this->house->context->smarty->assigned));
        self::assertStringNotContainsString('secret-key', json_encode($this->house->bridge()->asked));
    }

    public function testReturnBelievesTheBridgeNotTheAddress()
    {
        $this->house->attempt($this->house->order());
        $this->house->bridgeSays([]);
        $next = $this->house->open(self::RETURNED, ['token' => House::token(1), 'status' => 'paid', 'state' => 'paid', 'key' => 'secret-key-of-5']);
        self::assertSame(['module:paymentbridge/views/templates/front/return.tpl', 'open'], [$next, $this->house->placed(1)->state()]);
    }

    public function testReturnOfAPaidOwnOrderIsPrestaShopsConfirmation()
    {
        $this->house->attempt($this->house->order());
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        $next = $this->house->open(self::RETURNED, ['token' => House::token(1)]);
        self::assertSame('https://shop.example/order-confirmation?id_cart=1&id_module=77&id_order=1&key=secret-key-of-5', $next);
    }

    public function testReturnOfADeclineGivesTheCartBackOnceWithItsVoucher()
    {
        $this->house->attempt($this->house->order());
        $rule = $this->house->db->put('cart_rule', ['code' => 'TEN', 'quantity' => 0]);
        $this->house->db->put('order_cart_rule', ['id_order' => 1, 'id_cart_rule' => $rule]);
        $this->house->bridgeSays(['status' => 'declined']);
        self::assertSame('https://shop.example/cart?action=show', $this->house->open(self::RETURNED, ['token' => House::token(1)]));
        self::assertSame([2, [$rule]], [$this->house->context->cookie->id_cart, $this->house->context->cart->rules]);
        $this->house->context->cart = new \Cart();
        self::assertStringEndsWith('return.tpl', $this->house->open(self::RETURNED, ['token' => House::token(1)]));
        self::assertNull($this->house->context->cart->id);
    }

    public function testReturnOfADeclineLeavesACartThatWasFilledSince()
    {
        $this->house->attempt($this->house->order());
        $this->house->bridgeSays(['status' => 'declined']);
        $filled = $this->house->cart();
        $this->house->open(self::RETURNED, ['token' => House::token(1)]);
        self::assertSame($filled, $this->house->context->cart);
    }

    public function testReturnWithoutAnAnswerOfTheBridgeWaits()
    {
        $this->house->attempt($this->house->order());
        $this->house->bridgeSays([]);
        $this->house->bridge()->loses = 1;
        self::assertStringEndsWith('return.tpl', $this->house->open(self::RETURNED, ['token' => House::token(1)]));
    }

    /** @dataProvider tokens */
    public function testPagesWithATokenThatIsNoneShowNothing($token)
    {
        foreach (['Return', 'Frame', 'Giveup'] as $page) {
            $class = "PaymentBridge{$page}ModuleFrontController";
            self::assertSame('index', $this->house->open($class, ['token' => $token, 'payment' => $token]));
        }
    }

    public function tokens()
    {
        return [['nobodys'], [''], [['array']], [null], ["' OR 1=1 -- "], [House::token(9)]];
    }

    public function testFrameIsShownWhileThereIsSomethingToPay()
    {
        $this->house->attempt($this->house->order());
        $page = \PaymentBridgeFrameModuleFrontController::class;
        self::assertStringEndsWith('frame.tpl', $this->house->open($page, ['token' => House::token(1)]));
        $view = $this->house->context->smarty->assigned['paymentbridge'];
        self::assertSame(['chk_1', 'https://bridge.example/widget/v1/checkout.js'], [$view['checkout_token'], $view['widget']]);
        $this->house->parts->tables()->changeAttempt(1, ['status' => 'paid']);
        self::assertStringContainsString('/return?', $this->house->open($page, ['token' => House::token(1)]));
    }

    public function testStatusTellsOneWord()
    {
        $this->house->attempt($this->house->order());
        self::assertSame([200, 'open'], $this->answer('Status', ['token' => House::token(1)]));
        self::assertSame([404, 'unknown'], $this->answer('Status', ['token' => House::token(2)]));
    }

    public function testGiveUpCancelsPaymentAndOrderAndComesBack()
    {
        $this->house->attempt($this->house->order());
        $this->house->bridgeSays([]);
        self::assertStringContainsString('/return?token=', $this->giveUp('token-of-5'));
        self::assertSame(['canceled', 'canceled'], [$this->house->placed(1)->state(), $this->house->bridge()->payments['pay_1']['status']]);
    }

    /** @dataProvider strangers */
    public function testGiveUpByWhoMayNotDoesNothing($customer, $formToken, $verb)
    {
        $this->house->attempt($this->house->order());
        $this->house->bridgeSays([]);
        $this->house->context->customer = new \Customer($customer);
        self::assertSame('index', $this->giveUp($formToken, $verb));
        self::assertSame([], $this->house->bridge()->asked);
    }

    public function strangers()
    {
        return [
            'another customer' => [6, 'token-of-6', 'POST'],
            'another page' => [5, 'guessed', 'POST'],
            'a link' => [5, 'token-of-5', 'GET'],
            'nobody' => [0, 'token-of-', 'POST'],
        ];
    }

    public function testGiveUpAfterTheSessionHasEndedDoesNothing()
    {
        $this->house->attempt($this->house->order());
        $this->house->context->customer->logged = false;
        self::assertSame('index', $this->giveUp('token-of-5'));
        self::assertSame([], $this->house->bridge()->asked);
    }

    public function testGiveUpByAGuestWhoOrderedIsTheirs()
    {
        $this->house->attempt($this->house->order('49.990000', 1, ['id_customer' => 7]));
        $this->house->bridgeSays([]);
        $this->house->context->customer = new \Customer(7);
        $this->giveUp('token-of-7');
        self::assertSame('canceled', $this->house->placed(1)->state());
    }

    public function testCronNeedsItsKey()
    {
        foreach (['', 'guessed', null] as $key) {
            self::assertSame(403, $this->answer('Cron', ['key' => $key])[0]);
        }
        self::assertSame(200, $this->answer('Cron', ['key' => 'cron-key'])[0]);
    }

    public function testCronWithoutAKeyInTheShopIsClosed()
    {
        unset(\Configuration::$values['PAYMENTBRIDGE_CRON']);
        self::assertSame(403, $this->answer('Cron', ['key' => ''])[0]);
    }

    public function testCronLooksAfterQuietOrders()
    {
        $this->house->attempt($this->house->order());
        $this->house->bridgeSays(['status' => 'expired']);
        $this->house->db->run("UPDATE ps_payment_bridge_attempt SET updated_at = datetime('now', '-1 hour')");
        $this->answer('Cron', ['key' => 'cron-key']);
        self::assertSame('canceled', $this->house->placed(1)->state());
    }

    private function giveUp($formToken, $verb = 'POST')
    {
        $values = ['payment' => House::token(1), 'token' => $formToken];
        return $this->house->open(\PaymentBridgeGiveupModuleFrontController::class, $values, $verb);
    }

    private function paid(array $attempt)
    {
        return json_encode(['id' => 'evt_1', 'type' => 'payment.paid', 'sequence' => 2,
            'data' => ['payment' => $this->house->bridge()->payments['pay_1'] ?? ['id' => 'pay_1', 'order_reference' => $attempt['order_reference'],
                'status' => 'paid', 'currency' => 'EUR', 'amount' => 4999, 'sequence' => 2, 'amount_captured' => 4999, 'amount_refunded' => 0,
                'amount_refund_pending' => 0, 'outcome_known' => true]]]);
    }

    private function notify($verb, $body, $age = 0, $secret = House::SECRET)
    {
        return $this->house->notify($body, $verb, $age, $secret);
    }

    private function answer($page, array $values)
    {
        return $this->house->answer($page, $values);
    }
}
