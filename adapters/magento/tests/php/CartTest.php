<?php

namespace PaymentBridge\Checkout\Tests;

use Magento\Checkout\Model\Session;
use Magento\Framework\App\ActionFlag;
use Magento\Framework\Event\Observer;
use Magento\Framework\Message\ManagerInterface;
use Magento\Quote\Api\CartRepositoryInterface;
use Magento\Quote\Model\Quote;
use PaymentBridge\Checkout\Model\Cart;
use PaymentBridge\Checkout\Observer\ShowWaitingOrder;
use PHPUnit\Framework\TestCase;

/**
 * The cart of a customer who left the payment, and what they put into a new one meanwhile.
 */
final class CartTest extends TestCase
{
    /** @var Session */
    private $session;

    /** @var string[] */
    private $logged;

    protected function setUp(): void
    {
        $this->session = new Session();
        $this->session->data['OrderedQuote'] = Quote::of(1, ['mug']);
    }

    /** @dataProvider carts */
    public function testGivenBackCartHoldsWhatWasPutIntoTheNewOne(Quote $new, array $expected, $saved)
    {
        $this->session->data['Quote'] = $new;
        $carts = $this->createMock(CartRepositoryInterface::class);
        $carts->expects(self::exactly($saved))->method('save')->with($this->session->data['OrderedQuote']);
        $carts->expects(self::exactly($saved))->method('delete')->with($new);
        (new Cart($this->session, $carts))->giveBack();
        self::assertSame($expected, $this->session->getQuote()->data['Items']);
    }

    public function carts()
    {
        return [
            'nothing new' => [Quote::of(2, []), ['mug'], 0],
            'something new' => [Quote::of(2, ['lamp']), ['mug', 'lamp'], 1],
            'the same cart, back already' => [Quote::of(1, ['mug']), ['mug'], 0],
        ];
    }

    public function testCartStaysAsItIsWhereNoneCanBeGivenBackAndNobodyIsLedToThatOrderAgain()
    {
        $this->session->data = ['Quote' => Quote::of(2, ['lamp']), 'LastRealOrderId' => '000000123'];
        $carts = $this->createMock(CartRepositoryInterface::class);
        $carts->expects(self::never())->method('delete');
        (new Cart($this->session, $carts))->giveBack();
        self::assertNull($this->session->getLastRealOrderId());
    }

    /** @dataProvider visits */
    public function testCustomerWithAWaitingOrderIsLedToItOrToldOfIt($state, array $items, $isLed, $isTold)
    {
        $this->session->data['Quote'] = Quote::of(2, $items);
        $told = $this->createMock(ManagerInterface::class);
        $told->expects(self::exactly($isTold))->method('addComplexNoticeMessage')
            ->with('paymentbridgeWaitingOrder', self::callback(static function ($words) {
                return $words['order'] === '000000123' && strpos($words['url'], 'done/token/' . House::TOKEN) !== false;
            }));
        self::assertSame($isLed, $this->visit($state, $told));
    }

    public function visits()
    {
        return [
            'empty cart' => ['pending_payment', [], true, 0],
            'another cart' => ['pending_payment', ['lamp'], false, 1],
            'paid meanwhile' => ['processing', ['lamp'], false, 0],
            'canceled while nobody looked' => ['canceled', [], true, 0],
            'canceled, and another cart' => ['canceled', ['lamp'], false, 0],
            'paid, and an empty cart' => ['processing', [], false, 0],
        ];
    }

    public function testCartIsShownWhateverBreaksInTheNoticeOverIt()
    {
        $this->session->data['Quote'] = Quote::of(2, []);
        self::assertFalse($this->visit('pending_payment', null, ['Payment' => null]));
        self::assertCount(1, $this->logged);
    }

    private function visit($state, ?ManagerInterface $messages = null, array $change = [])
    {
        $house = new House();
        $order = $house->order();
        $order->data['State'] = $state;
        $house->attempt($order);
        $order->data = $change + $order->data;
        $this->session->data['LastRealOrder'] = $order;
        $urls = $this->createMock(\Magento\Framework\UrlInterface::class);
        $urls->method('getUrl')->willReturnCallback(static function ($path, $parameters) {
            return "https://shop.example/$path/token/" . $parameters['token'];
        });
        $answer = new \Magento\Framework\Controller\Result\Redirect();
        $observer = new Observer();
        $observer->data['controller_action'] = (new \Anything())->setResponse($answer);
        $messages = $messages ?? $this->createMock(ManagerInterface::class);
        (new ShowWaitingOrder($this->session, $house->config, $house->tables, $urls, new ActionFlag(), $messages, $house->log))->execute($observer);
        $this->logged = $house->logged;
        return isset($answer->data['Redirect']);
    }
}
