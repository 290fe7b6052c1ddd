<?php

namespace PaymentBridge\PrestaShop\Tests;

use PaymentBridge\Core\BusyException;
use PHPUnit\Framework\TestCase;

/**
 * From the payment step to the payment.
 */
final class CheckoutTest extends TestCase
{
    /** @var House */
    private $house;

    protected function setUp(): void
    {
        $this->house = new House();
    }

    public function testOptionsAreThoseThatAreSwitchedOnInTheCustomersLanguage()
    {
        $this->house->context->language = new \Language(2);
        list($option) = $this->house->module->hookPaymentOptions(['cart' => $this->house->cart()]);
        self::assertSame('Geldbeutel', $option->told['CallToActionText']);
        $this->house->set('CARD', '1');
        self::assertCount(2, $this->house->module->hookPaymentOptions(['cart' => $this->house->context->cart]));
    }

    /** @dataProvider hidden */
    public function testOptionsAreHiddenWhereTheyMayNotBeUsed(callable $change)
    {
        $this->house->cart();
        $change($this->house);
        self::assertSame([], $this->house->module->hookPaymentOptions(['cart' => $this->house->context->cart]));
    }

    public function hidden()
    {
        return [
            'switched off' => [static function (House $house) {
                $house->set('WALLET', '0');
            }],
            'no key' => [static function (House $house) {
                $house->set('API_KEY', '');
            }],
            'key of another installation' => [static function (House $house) {
                $house->set('API_KEY', 'not encrypted here');
            }],
            'another currency' => [static function (House $house) {
                $house->cart('5.00', 2);
            }],
            'too little' => [static function (House $house) {
                $house->set('MIN', '50');
            }],
            'too much' => [static function (House $house) {
                $house->set('MAX', '49.98');
            }],
            'nothing to pay' => [static function (House $house) {
                $house->cart('0');
            }],
            'module switched off' => [static function (House $house) {
                $house->module->active = false;
            }],
        ];
    }

    public function testOptionsAtTheVeryLimitsAreOffered()
    {
        $this->house->set('MIN', '49.99');
        $this->house->set('MAX', '49.99');
        self::assertCount(1, $this->house->module->hookPaymentOptions(['cart' => $this->house->cart()]));
    }

    public function testStartPlacesTheOrderUnpaidAndShowsTheWidget()
    {
        $next = $this->start($this->house->cart());
        self::assertStringStartsWith('https://shop.example/module/paymentbridge/frame?token=', $next);
        self::assertSame([[House::WAITING], 'open'], [$this->house->history(1), $this->house->placed(1)->state()]);
        self::assertSame(4999, $this->house->creates()[0][2]['amount']);
    }

    public function testStartGoesToTheBridgeInTheOrdersLanguageWhereTheMerchantWantsItSo()
    {
        $this->house->set('DISPLAY', 'redirect');
        self::assertSame('https://bridge.example/checkout/chk_1?locale=de-DE', $this->start($this->house->cart()));
    }

    public function testStartTwiceIsOneOrderAndOnePayment()
    {
        $cart = $this->house->cart();
        $first = $this->start($cart);
        $this->house->context->cart = new \Cart(); // PrestaShop lets go of a cart that has an order
        self::assertSame($first, $this->start($cart));
        self::assertSame([1, 1], [$this->house->module->placed, count($this->house->creates())]);
    }

    public function testPlaceTwiceFindsTheOrderThatIsThere()
    {
        $cart = $this->house->cart();
        $checkout = $this->house->parts->checkout();
        $ids = [$checkout->place($cart, $this->house->context->customer, 'wallet')->id()];
        $ids[] = $checkout->place($cart, $this->house->context->customer, 'wallet')->id();
        self::assertSame([[1, 1], 1], [$ids, $this->house->module->placed]);
    }

    public function testPlaceThatPrestaShopRefusesIsNoOrderOfOurs()
    {
        $this->house->module->refusesToPlace = true;
        $this->expectException(\RuntimeException::class);
        $this->house->parts->checkout()->place($this->house->cart(), $this->house->context->customer, 'wallet');
    }

    public function testPlaceWhileSomebodyElsePlacesIsBusy()
    {
        $cart = $this->house->cart();
        $this->house->db->locked = ['paymentbridge_cart_'];
        $this->expectException(BusyException::class);
        $this->house->parts->checkout()->place($cart, $this->house->context->customer, 'wallet');
    }

    public function testStartWhileTheOtherPressStillPlacesAsksForNoPartOfTheMoney()
    {
        $first = $this->house->order('20.000000'); // the other order of the cart is not there yet
        $this->house->db->locked = ['paymentbridge_cart_'];
        self::assertSame('https://shop.example/order', $this->start(new \Cart($first->cart())));
        self::assertSame([], $this->house->bridge()->asked);
        $this->house->db->locked = [];
        $this->house->order('10.000000', 1, ['id_cart' => $first->cart()]);
        $this->start(new \Cart($first->cart()));
        self::assertSame([3000], array_column(array_column($this->house->creates(), 2), 'amount'));
    }

    /** @dataProvider intruders */
    public function testStartByWhoMayNotOrdersNothing(callable $change)
    {
        $cart = $this->house->cart();
        $values = $change($this->house, $cart);
        self::assertSame('https://shop.example/order', $this->start($cart, $values ?? []));
        self::assertSame([0, []], [$this->house->module->placed, $this->house->bridge()->asked]);
    }

    public function intruders()
    {
        return [
            'another page' => [static function () {
                return ['ticket' => 'guessed'];
            }],
            'a ticket of another cart' => [static function (House $house, $cart) {
                return ['ticket' => $house->parts->checkout()->ticket($cart->id + 1, '49.990000 1')];
            }],
            'another customer' => [static function (House $house) {
                $house->context->customer = new \Customer(6);
            }],
            'nobody' => [static function (House $house) {
                $house->context->customer = new \Customer();
            }],
            'a session with another cart' => [static function (House $house) {
                $house->cart();
            }],
            'no address' => [static function (House $house, $cart) {
                $cart->id_address_invoice = 0;
            }],
            'what somebody else has bought meanwhile' => [static function () {
                \Cart::$isSoldOut = true;
            }],
            'a total that was never shown' => [static function () {
                return ['seen' => '0.010000 1'];
            }],
            'an empty cart' => [static function (House $house, $cart) {
                \Cart::$products[$cart->id] = 0;
            }],
            'a method that is switched off' => [static function () {
                return ['method' => 'card'];
            }],
            'a method that is none' => [static function () {
                return ['method' => "wallet' OR 1=1"];
            }],
            'a country that PrestaShop excludes' => [static function () {
                \Module::$allowed = [['name' => 'ps_wirepayment']];
            }],
        ];
    }

    /** @dataProvider changes */
    public function testStartOfACartThatChangedInAnotherTabOrdersNothingAndSaysSo(array $change)
    {
        $cart = $this->house->cart();
        $seen = $this->house->parts->checkout()->seen($cart);
        $form = ['seen' => $seen, 'ticket' => $this->house->parts->checkout()->ticket($cart->id, $seen)];
        foreach ($change as $name => $value) {
            $cart->$name = $value;
        }
        self::assertSame(['https://shop.example/order', 0], [$this->start($cart, $form), $this->house->module->placed]);
        self::assertStringContainsString('has changed meanwhile', $this->house->context->cookie->notifications[0]);
    }

    public function changes()
    {
        return ['dearer' => [['total' => '99.98']], 'cheaper' => [['total' => '1.00']], 'another currency' => [['id_currency' => 2]]];
    }

    public function testStartOfSomebodyElsesPlacedOrderIsRefused()
    {
        $placed = $this->house->order();
        $this->house->context->customer = new \Customer(6);
        $next = $this->start(new \Cart($placed->cart()));
        self::assertSame(['https://shop.example/order', []], [$next, $this->house->bridge()->asked]);
    }

    public function testStartOfAnOrderThatIsPaidAnotherWayIsRefused()
    {
        $placed = $this->house->order('5.000000', 1, ['module' => 'ps_wirepayment']);
        $this->start(new \Cart($placed->cart()));
        self::assertSame([], $this->house->bridge()->asked);
    }

    public function testStartThatTheBridgeRefusesGivesTheCartBackAndSaysSo()
    {
        $this->house->bridge()->refuses = [422, ['code' => 'amount_too_large', 'detail' => 'Too much.']];
        self::assertSame('https://shop.example/order', $this->start($this->house->cart()));
        self::assertSame(['canceled', 2], [$this->house->placed(1)->state(), $this->house->context->cookie->id_cart]);
        self::assertStringContainsString('not possible', $this->house->context->cookie->notifications[0]);
    }

    public function testMethodIsNotOfferedAgainInACurrencyThatTheBridgeRefusedUntilTheSettingsAreStored()
    {
        $this->house->set('CARD', '1');
        $checkout = $this->house->parts->checkout();
        $this->house->bridge()->refuses = [422, ['code' => 'currency_not_supported', 'detail' => 'No such currency.']];
        $this->start($this->house->cart());
        self::assertSame(['card'], $checkout->offers($this->house->cart()));
        self::assertSame(['wallet'], $checkout->offers($this->house->cart('49.99', 1, 5, 2)), 'another shop has another account');
        $this->house->parts->config()->forgetRefusals();
        self::assertSame(['wallet', 'card'], $checkout->offers($this->house->cart()));
    }

    public function testMethodIsOfferedAgainAfterARefusalOfAnotherKind()
    {
        $this->house->bridge()->refuses = [422, ['code' => 'amount_too_large', 'detail' => 'Too much.']];
        $this->start($this->house->cart());
        self::assertSame(['wallet'], $this->house->parts->checkout()->offers($this->house->cart()));
    }

    public function testStartWithoutAnAnswerKeepsTheOrderAndLetsTheCustomerTryAgain()
    {
        $this->house->bridge()->loses = 1;
        $cart = $this->house->cart();
        $next = $this->start($cart);
        self::assertStringStartsWith('https://shop.example/module/paymentbridge/return?token=', $next);
        self::assertSame('open', $this->house->placed(1)->state());
        parse_str((string) parse_url($next, PHP_URL_QUERY), $values);
        self::assertStringContainsString('/frame?', $this->open($values));
        self::assertSame([$this->house->creates()[0]], [$this->house->creates()[1]]);
    }

    public function testStartWithoutAnAnswerLetsNobodyWaitForTheNextPageToo()
    {
        $this->house->bridge()->loses = 1;
        parse_str((string) parse_url($this->start($this->house->cart()), PHP_URL_QUERY), $values);
        $asked = count($this->house->bridge()->asked);
        $this->house->open(\PaymentBridgeReturnModuleFrontController::class, $values);
        self::assertCount($asked, $this->house->bridge()->asked);
        $this->house->open(\PaymentBridgeReturnModuleFrontController::class, ['token' => $values['token']]);
        self::assertGreaterThan($asked, count($this->house->bridge()->asked));
    }

    public function testCallsForAPageThatACustomerWaitsForHaveLittleTimeTogether()
    {
        $clients = new \PaymentBridge\PrestaShop\Clients($this->house->parts->config());
        $deadline = new \ReflectionProperty(\PaymentBridge\Core\Client::class, 'deadline');
        PHP_VERSION_ID < 80100 && $deadline->setAccessible(true);
        self::assertSame(20.0, $deadline->getValue($clients->ofShop(1)));
        $clients->hurry();
        $first = $deadline->getValue($clients->ofShop(1));
        self::assertLessThanOrEqual(6.0, $first);
        usleep(1000); // some builds of PHP read a clock of milliseconds
        $clients->hurry(); // no new patience
        self::assertLessThan($first, $deadline->getValue($clients->ofShop(1)));
    }

    public function testConfirmationIsSentWhenTheOrderIsPlacedUnlessItIsToWait()
    {
        $this->start($this->house->cart());
        self::assertSame(['order_conf'], array_column(\Mail::$sent, 'template'));
        $this->house->set('MAIL', 'paid');
        $this->start($this->house->cart());
        self::assertCount(1, \Mail::$sent);
    }

    public function testConfirmationThatWaitsIsSentOnceWhenTheOrderIsPaidAndThenForgotten()
    {
        $this->house->set('MAIL', 'paid');
        $this->start($this->house->cart());
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        $attempt = $this->house->parts->tables()->latestAttempt(1);
        $this->house->parts->payments()->refresh($attempt);
        $this->house->parts->payments()->refresh($attempt);
        self::assertSame(['Erika'], array_column(array_column(\Mail::$sent, 'templateVars'), '{firstname}'));
        self::assertSame(0, (int) $this->house->db->one('SELECT COUNT(*) FROM ps_payment_bridge_mail'));
    }

    public function testConfirmationThatWaitsIsForgottenWithTheOrder()
    {
        $this->house->set('MAIL', 'paid');
        $this->start($this->house->cart());
        $this->house->bridgeSays(['status' => 'declined']);
        $this->house->parts->payments()->refresh($this->house->parts->tables()->latestAttempt(1));
        self::assertSame([[], 0], [\Mail::$sent, (int) $this->house->db->one('SELECT COUNT(*) FROM ps_payment_bridge_mail')]);
    }

    public function testMailsOfOthersAreNeverKept()
    {
        $this->house->set('MAIL', 'paid');
        self::assertTrue($this->house->module->hookActionEmailSendBefore(['template' => 'order_conf', 'templateVars' => ['{id_order}' => 9]]));
        $kept = null;
        $this->house->parts->heldMail()->holding(function () use (&$kept) {
            $kept = $this->house->parts->heldMail()->keep(['template' => 'account', 'templateVars' => ['{id_order}' => 9]]);
        });
        self::assertFalse($kept);
    }

    public function testCartPageLeadsToTheOwnOrderThatWaits()
    {
        $this->start($this->house->cart());
        $token = $this->house->parts->tables()->latestAttempt(1)['token'];
        $this->house->context->cart = new \Cart();
        self::assertSame("https://shop.example/module/paymentbridge/return?token=$token", $this->visitCart());
        $this->house->context->customer = new \Customer(6);
        self::assertNull($this->visitCart());
    }

    /** @dataProvider fillers */
    public function testCartPageThatIsAboutToBeFilledIsLeftAlone($name)
    {
        $this->start($this->house->cart());
        $this->house->context->cart = new \Cart();
        self::assertNull($this->visitCart([$name => '1']));
    }

    public function fillers()
    {
        return ['order again' => ['submitReorder'], 'a link that adds' => ['add']];
    }

    public function testCartPageWithSomethingInItIsLeftAlone()
    {
        $this->start($this->house->cart());
        $this->house->cart();
        self::assertNull($this->visitCart());
    }

    private function visitCart(array $values = [])
    {
        $this->house->context->controller->php_self = 'cart';
        $_SERVER['REQUEST_METHOD'] = 'GET';
        \Tools::$values = $values;
        try {
            return $this->house->module->hookActionFrontControllerSetMedia([]);
        } catch (\Gone $gone) {
            return $gone->getMessage();
        }
    }

    private function start($cart, array $values = [])
    {
        $checkout = $this->house->parts->checkout();
        $form = ['cart' => (string) $cart->id, 'seen' => $checkout->seen($cart), 'method' => 'wallet'];
        return $this->open($values + $form + ['ticket' => $checkout->ticket($cart->id, $form['seen'])], 'POST');
    }

    private function open(array $values, $verb = 'GET')
    {
        return $this->house->open(\PaymentBridgeStartModuleFrontController::class, $values, $verb);
    }
}
