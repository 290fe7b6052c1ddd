<?php

namespace PaymentBridge\Checkout\Tests;

use Magento\Checkout\Model\Session;
use Magento\Framework\App\Request\Http;
use Magento\Framework\Controller\Result\RawFactory;
use Magento\Framework\Controller\Result\RedirectFactory;
use Magento\Framework\Data\Form\FormKey;
use Magento\Framework\Message\ManagerInterface;
use Magento\Framework\UrlInterface;
use Magento\Framework\View\Result\Page;
use Magento\Framework\View\Result\PageFactory;
use Magento\Quote\Api\CartRepositoryInterface;
use Magento\Sales\Model\Order;
use PaymentBridge\Checkout\Controller\Checkout\Done;
use PaymentBridge\Checkout\Controller\Checkout\GiveUp;
use PaymentBridge\Checkout\Controller\Checkout\Start;
use PaymentBridge\Checkout\Controller\Notification\Index;
use PaymentBridge\Checkout\Model\Cart;
use PaymentBridge\Checkout\ViewModel\Waiting;
use PaymentBridge\Core\Signature;
use PaymentBridge\Core\Tests\DoorCases;
use PaymentBridge\Core\Tests\PaperBridge;
use PHPUnit\Framework\TestCase;

final class DoorsTest extends TestCase
{
    /** @var House */
    private $house;

    /** @var Session */
    private $session;

    /** @var ManagerInterface|null what hears of messages, where a test wants to */
    private $messages;

    protected function setUp(): void
    {
        $this->house = new House();
        $this->session = new Session();
        $this->session->data['LastRealOrder'] = new Order();
    }

    /** @dataProvider notifications */
    public function testNotificationIsAnsweredWithAStatusAndNothingElse($status, $method, $body, $age, $secret)
    {
        $answer = $this->notify($method, $body, $age, $secret);
        self::assertSame([$status, ''], [$answer->getHttpResponseCode(), $answer->getContents()]);
        self::assertSame('no-store', $answer->headers['Cache-Control']);
    }

    public function notifications()
    {
        return DoorCases::notifications(House::SECRET);
    }

    public function testNotificationThatCrashesIs500WithoutAWord()
    {
        $this->house->settings = new \stdClass(); // whatever is read of it is an error
        $answer = $this->notify('POST', '{}', 0, House::SECRET);
        self::assertSame([500, ''], [$answer->getHttpResponseCode(), $answer->getContents()]);
    }

    /** @dataProvider deaths */
    public function testNotificationWhoseHandlingDiesInMagentoIs500AndLoggedAndDoneWithItsMailWhenItIsRepeated($where)
    {
        $order = $this->house->order();
        $attempt = $this->house->payments->start($order);
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3]);
        $body = json_encode(['id' => 'evt_1', 'type' => 'payment.paid', 'sequence' => 3,
            'data' => ['payment' => $this->house->bridge()->payments['pay_1']]]);
        $this->house->dies = $where;
        self::assertSame(500, $this->notify('POST', $body, 0, House::SECRET)->getHttpResponseCode());
        self::assertStringContainsString('cannot be printed', implode($this->house->logged));
        $this->house->dies = null;
        self::assertSame(204, $this->notify('POST', $body, 0, House::SECRET)->getHttpResponseCode());
        self::assertSame(204, $this->notify('POST', $body, 0, House::SECRET)->getHttpResponseCode());
        self::assertSame([['49.9900'], 1, 1], [$order->data['invoices'], $this->house->mails, (int) $this->house->tables->attempts[1]['paid']]);
    }

    public function testNotificationRepeatedAfterItsPaymentWasLetGoIsDone()
    {
        $this->house->attempt($this->house->order(), ['payment_id' => null]);
        $this->house->tables->addEvent('evt_1', 'pay_9', 'pending');
        $payment = ['id' => 'pay_9', 'order_reference' => '000000123', 'amount' => 4999, 'currency' => 'EUR'] + PaperBridge::blank();
        $body = json_encode(['id' => 'evt_1', 'type' => 'payment.pending', 'sequence' => 1, 'data' => ['payment' => $payment]]);
        self::assertSame(204, $this->notify('POST', $body, 0, House::SECRET)->getHttpResponseCode());
    }

    public function deaths()
    {
        return ['with the invoice' => ['invoice'], 'in the mail, whose attachment is the invoice' => ['mail']];
    }

    public function testDoneOfAPaymentWhoseInvoiceMagentoCannotMakeIsThePageThatWaits()
    {
        $order = $this->own($this->house->order());
        $attempt = $this->house->payments->start($order);
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3]);
        $this->house->dies = 'invoice';
        self::assertInstanceOf(Page::class, $this->done($attempt['token']));
        self::assertSame('paymentbridge/checkout/done', $this->start()->getPath());
        $this->house->dies = null;
        $this->done($attempt['token']); // the page behind a start in vain does not ask again
        self::assertSame('checkout/onepage/success', $this->done($attempt['token'])->getPath());
    }

    public function testDoneOfAPaymentThatIsStillOpenAtTheProviderDoesNotSayThatNothingWasPaid()
    {
        $attempt = $this->house->payments->start($this->own($this->house->order()));
        $this->bridgeSays(['status' => 'canceled', 'provider_open' => true, 'sequence' => 3]);
        $said = [];
        $this->messages = $this->messages();
        $this->messages->method('addWarningMessage')->willReturnCallback(static function ($words) use (&$said) {
            $said[] = (string) $words;
        });
        self::assertSame('checkout/cart', $this->done($attempt['token'])->getPath());
        self::assertStringNotContainsString('Nothing was paid', $said[0]);
        self::assertStringContainsString('do not accept the payment', $said[0]);
    }

    /** @dataProvider overs */
    public function testPageOfAPaymentThatIsOverSaysThatNothingWasChargedOnlyByTheProvidersWord(callable $end, $isSaid)
    {
        $order = $this->house->order();
        $attempt = $this->house->payments->start($order);
        $end($this->house, $order);
        self::assertInstanceOf(Page::class, $this->done($attempt['token']));
        $shown = $this->shown($attempt['token']);
        self::assertStringContainsString('data-state="canceled"', $shown);
        self::assertSame([$isSaid, !$isSaid], [strpos($shown, 'nothing was charged') !== false, strpos($shown, 'do not accept its payment') !== false]);
    }

    public function overs()
    {
        $says = static function (array $told) {
            return static function (House $house) use ($told) {
                $house->bridge()->payments['pay_1'] = $told + ['sequence' => 3] + $house->bridge()->payments['pay_1'];
            };
        };
        return [
            'declined' => [$says(['status' => 'declined']), true],
            'expired, and closed at the provider' => [$says(['status' => 'expired', 'provider_open' => false]), true],
            'expired, and open at the provider' => [$says(['status' => 'expired', 'provider_open' => true]), false],
            'canceled by the merchant, and the bridge is silent since' => [static function (House $house, Order $order) {
                self::assertTrue($house->management()->cancel($order->getId()));
                $house->bridge()->loses = 9;
            }, false],
            'canceled by the merchant, and the bridge has told' => [static function (House $house, Order $order) {
                self::assertTrue($house->management()->cancel($order->getId()));
            }, true],
            'canceled by the merchant, and never asked for' => [static function (House $house, Order $order) {
                $house->tables->changeAttempt(1, ['payment_id' => null]);
                $house->bridge()->refuses = [422, ['code' => 'validation_failed']];
                self::assertTrue($house->management()->cancel($order->getId()));
            }, true],
        ];
    }

    public function testDoneForAStrangerIsAPageWhateverBecameOfThePayment()
    {
        foreach (['pending_payment', 'processing', 'canceled'] as $state) {
            $order = $this->house->order();
            $order->data['State'] = $state;
            $this->house->attempt($order, ['sequence' => 99]);
            self::assertInstanceOf(Page::class, $this->done());
        }
        self::assertSame(0, $this->session->restored);
        self::assertArrayNotHasKey('LastOrderId', $this->session->data);
    }

    public function testDoneBelievesTheBridgeNotTheAddress()
    {
        $attempt = $this->house->payments->start($this->own($this->house->order()));
        $_GET['status'] = 'paid';
        $answer = $this->done($attempt['token'], ['status' => 'paid', 'state' => 'paid']);
        unset($_GET['status']);
        self::assertInstanceOf(Page::class, $answer);
    }

    public function testDoneOfAPaidOrderIsTheSuccessPage()
    {
        $attempt = $this->house->payments->start($this->own($this->house->order()));
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3]);
        self::assertSame('checkout/onepage/success', $this->done($attempt['token'])->getPath());
        self::assertSame('000000123', $this->session->data['LastRealOrderId']);
    }

    public function testDoneOfAnOrderUnderAnotherReferenceNamesItsNumber()
    {
        $order = $this->own($this->house->order());
        $this->house->attempt($order, ['order_reference' => '000000123~0a1b2c3d']);
        $this->house->bridge()->has(['id' => 'pay_1', 'order_reference' => '000000123~0a1b2c3d', 'amount' => 4999, 'currency' => 'EUR',
            'status' => 'paid', 'amount_captured' => 4999, 'metadata' => ['attempt' => House::TOKEN]] + PaperBridge::blank());
        self::assertSame('checkout/onepage/success', $this->done()->getPath());
        self::assertSame('000000123', $this->session->data['LastRealOrderId']);
    }

    public function testDoneOfADeclinedPaymentGivesTheCartBack()
    {
        $attempt = $this->house->payments->start($this->own($this->house->order()));
        $this->bridgeSays(['status' => 'declined', 'sequence' => 3]);
        self::assertSame(['checkout/cart', 1], [$this->done($attempt['token'])->getPath(), $this->session->restored]);
    }

    public function testDoneGivesTheCouponBackBeforeTheCartSoThatTheCartStillHasIt()
    {
        $session = new class extends Session {
            public $house;
            public $coupons = [];

            public function restoreQuote()
            {
                $this->coupons[] = $this->house->coupons;
                return parent::restoreQuote();
            }
        };
        $session->house = $this->house;
        $this->session = $session;
        $attempt = $this->house->payments->start($this->own($this->house->order()));
        $this->bridgeSays(['status' => 'declined', 'sequence' => 3]);
        $this->done($attempt['token']);
        self::assertSame([1], $session->coupons);
    }

    public function testDoneWithoutAnAnswerOfTheBridgeWaits()
    {
        $attempt = $this->house->payments->start($this->own($this->house->order()));
        $this->house->bridge()->loses = 1;
        self::assertInstanceOf(Page::class, $this->done($attempt['token']));
    }

    public function testDoneWithAnUnknownTokenIsTheCart()
    {
        self::assertSame('checkout/cart', $this->done('nobodys')->getPath());
    }

    public function testGiveUpOfSomebodyElsesOrderDoesNothing()
    {
        $attempt = $this->house->payments->start($this->house->order());
        $this->giveUp($attempt['token']);
        self::assertSame('created', $this->house->bridge()->payments['pay_1']['status']);
    }

    /** @dataProvider displays */
    public function testStartGoesToTheWidgetOrToTheBridge($display, $expected)
    {
        $this->house->settings['paymentbridge/checkout/display'] = $display;
        $this->own($this->house->order());
        $answer = $this->start();
        self::assertSame($expected, $answer->getPath() ?? $answer->getUrl());
        self::assertSame('no-store', $answer->headers['Cache-Control']);
    }

    public function displays()
    {
        return [['widget', 'paymentbridge/checkout/frame'], ['redirect', 'https://bridge.example/checkout/chk_1?locale=de-DE']];
    }

    public function testStartWithoutAnAnswerKeepsTheOrderAndWaits()
    {
        $order = $this->own($this->house->order());
        $this->house->bridge()->loses = 1;
        self::assertSame('paymentbridge/checkout/done', $this->start()->getPath());
        self::assertSame(['pending_payment', 0], [$order->getState(), $this->session->restored]);
    }

    public function testPageBehindAStartInVainDoesNotWaitForTheBridgeAgainButTheNextOneDoes()
    {
        $this->own($this->house->order());
        $this->house->bridge()->loses = 1;
        $this->start();
        $token = $this->house->tables->attempts[1]['token'];
        $this->done($token);
        self::assertCount(1, $this->house->bridge()->asked);
        $this->done($token);
        list($first, $second) = $this->house->bridge()->asked;
        self::assertSame(['pay_1', $first], [$this->house->tables->attempts[1]['payment_id'], $second]);
    }

    public function testPageBehindAGiveUpInVainDoesNotWaitForTheBridgeAgain()
    {
        $attempt = $this->house->payments->start($this->own($this->house->order()));
        $this->house->bridge()->loses = 1;
        $this->giveUp($attempt['token']);
        $asked = count($this->house->bridge()->asked);
        $this->done($attempt['token']);
        self::assertCount($asked, $this->house->bridge()->asked);
    }

    public function testSilenceOfLongAgoDoesNotKeepThePageFromAsking()
    {
        $attempt = $this->house->payments->start($this->own($this->house->order()));
        $this->session->data['PaymentBridgeSilentAt'] = time() - 60;
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3]);
        self::assertSame('checkout/onepage/success', $this->done($attempt['token'])->getPath());
    }

    public function testStartThatIsRefusedGivesTheCartBack()
    {
        $this->own($this->house->order());
        $this->house->bridge()->refuses = [422, ['code' => 'method_not_available']];
        self::assertSame(['checkout/cart', 1], [$this->start()->getPath(), $this->session->restored]);
    }

    public function testStartWithoutAnOrderIsTheCart()
    {
        self::assertSame('checkout/cart', $this->start()->getPath());
    }

    private function notify($method, $body, $age, $secret)
    {
        $at = (string) (time() - $age);
        $request = new Http();
        $request->data = ['Method' => $method, 'Content' => $body];
        $request->headers = ['webhook-id' => 'evt_1', 'webhook-timestamp' => $at,
            'webhook-signature' => Signature::sign($secret, 'evt_1', $at, $body)];
        $house = $this->house;
        return (new Index($request, new RawFactory(), $house->payments, $house->config, $house->log))->execute();
    }

    private function start()
    {
        $house = $this->house;
        $door = new Start($this->session, new RedirectFactory(), $this->messages(), $house->payments, $house->tables, $house->config, $this->cart(), $house->log);
        return $door->execute();
    }

    private function giveUp($token)
    {
        $house = $this->house;
        $door = new GiveUp($this->request($token), $this->session, new RedirectFactory(), $this->messages(), $house->payments, $house->tables, $house->log);
        return $door->execute();
    }

    private function done($token = House::TOKEN, array $parameters = [])
    {
        $house = $this->house;
        $door = new Done(
            $this->request($token, $parameters),
            $this->session,
            new PageFactory(),
            new RedirectFactory(),
            $this->messages ?? $this->messages(),
            $house->payments,
            $house->tables,
            $house->orders,
            $this->cart(),
            $house->log
        );
        return $door->execute();
    }

    /** The page that waits, as its template writes it. */
    private function shown($token)
    {
        $urls = new class implements UrlInterface {
            public function getUrl($path, $parameters)
            {
                return 'https://shop.example/' . $path;
            }
        };
        $house = $this->house;
        $waiting = new Waiting($this->request($token), $this->session, $urls, new FormKey(), $house->config, $house->tables, $house->orders);
        $block = new class ($waiting) {
            private $model;

            public function __construct(Waiting $model)
            {
                $this->model = $model;
            }

            public function getData($name)
            {
                return $this->model;
            }
        };
        $escaper = new class {
            public function __call($name, $values)
            {
                return htmlspecialchars((string) $values[0]);
            }
        };
        ob_start();
        require __DIR__ . '/../../module/view/frontend/templates/done.phtml';
        return ob_get_clean();
    }

    private function cart()
    {
        return new Cart($this->session, $this->createMock(CartRepositoryInterface::class));
    }

    private function own(Order $order)
    {
        return $this->session->data['LastRealOrder'] = $order;
    }

    private function request($token, array $parameters = [])
    {
        $request = new Http();
        $request->data = ['token' => $token] + $parameters;
        return $request;
    }

    private function messages()
    {
        return $this->createMock(ManagerInterface::class);
    }

    private function bridgeSays(array $change)
    {
        $bridge = $this->house->bridge();
        $bridge->payments['pay_1'] = $change + $bridge->payments['pay_1'];
    }
}
