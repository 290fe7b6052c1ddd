<?php

namespace PaymentBridge\Checkout\Tests;

use Magento\Framework\GraphQl\Config\Element\Field;
use Magento\Framework\GraphQl\Exception\GraphQlInputException;
use Magento\Framework\GraphQl\Schema\Type\ResolveInfo;
use Magento\Sales\Model\Order;
use Magento\Sales\Model\OrderFactory;
use PaymentBridge\Checkout\Model\Resolver\CheckoutUrl;
use PHPUnit\Framework\TestCase;

/**
 * What a client without the shop's pages is told of where to pay.
 */
final class HeadlessTest extends TestCase
{
    private const ADDRESS = 'https://bridge.example/checkout/chk_1?locale=de-DE';

    /** @var House */
    private $house;

    /** @var CheckoutUrl */
    private $resolver;

    protected function setUp(): void
    {
        $this->house = new House();
        $this->resolver = $this->resolver(new Order());
    }

    public function testPlacedOrderHasTheAddressInItsAnswer()
    {
        $this->resolver = $this->resolver($this->house->order());
        self::assertSame(self::ADDRESS, $this->resolve(['order_number' => '000000123']));
    }

    public function testNumberThatIsNoOrderHasNoAddress()
    {
        self::assertNull($this->resolve(['order_number' => '000000999']));
        self::assertNull($this->resolve([]));
    }

    public function testAddressThatWasLostIsThereWhenTheOrderIsReadAgainAndItIsOnePayment()
    {
        $order = $this->house->order();
        $this->house->bridge()->loses = 1;
        self::assertStringContainsString('does not answer', $this->failure($this->resolver($order), ['order_number' => '000000123']));
        self::assertSame(self::ADDRESS, $this->resolve(['model' => $order]));
        self::assertSame(self::ADDRESS, $this->resolve(['model' => $order]));
        self::assertSame([1, 1, 'pending_payment'], [
            count($this->house->bridge()->payments), count($this->house->tables->attempts), $order->getState(),
        ]);
    }

    public function testOrderThatIsReadIsFoundByItselfInWhateverStoreItWasPlaced()
    {
        $this->house->settings['paymentbridge/connection/api_key@2'] = 'ENC:sk_store_2_key';
        $this->resolve(['model' => $this->house->order(200, '5.0000', 'EUR', 2), 'order_number' => '000000123']);
        self::assertCount(1, $this->house->bridge('sk_store_2_key')->payments);
    }

    /** @dataProvider others */
    public function testOrderThatWaitsForNoMoneyOfOursHasNoAddressAndTheBridgeIsNotAsked(array $change, $method)
    {
        $order = $this->house->order();
        $this->house->attempt($order);
        $order->data = $change + $order->data;
        $order->getPayment()->setMethod($method);
        self::assertSame([null, []], [$this->resolve(['model' => $order]), $this->house->bridge()->asked]);
    }

    public function others()
    {
        return [
            'paid' => [['invoices' => ['49.9900'], 'State' => 'processing'], 'paymentbridge_wallet'],
            'canceled' => [['State' => 'canceled'], 'paymentbridge_wallet'],
            'another way to pay' => [[], 'checkmo'],
        ];
    }

    public function testOrderThatWasPaidWhileNobodyLookedIsInvoicedAndHasNoAddress()
    {
        $order = $this->house->order();
        $this->resolve(['model' => $order]);
        $this->house->bridge()->payments['pay_1'] = ['status' => 'paid', 'amount_captured' => 4999, 'sequence' => 3]
            + $this->house->bridge()->payments['pay_1'];
        self::assertNull($this->resolve(['model' => $order]));
        self::assertSame([['49.9900'], 1], [$order->data['invoices'], count($this->house->bridge()->payments)]);
    }

    public function testListOfOrdersWaitsForASilentBridgeOnce()
    {
        $this->house->bridge()->loses = 9;
        foreach ([1, 2, 3] as $id) {
            $this->failure($this->resolver, ['model' => $this->house->order($id)]);
        }
        self::assertCount(1, $this->house->bridge()->asked);
    }

    public function testPaymentThatTheBridgeRefusesIsCalledImpossibleAndNotSilent()
    {
        $order = $this->house->order();
        $this->house->bridge()->refuses = [422, ['code' => 'currency_not_supported', 'detail' => 'No.']];
        self::assertStringContainsString('not possible', $this->failure($this->resolver, ['model' => $order]));
        self::assertSame(['canceled', null], [$order->getState(), $this->resolve(['model' => $order])]);
    }

    private function failure(CheckoutUrl $resolver, array $value)
    {
        try {
            self::fail('an answer: ' . $this->resolve($value, $resolver));
        } catch (GraphQlInputException $failure) {
            return $failure->getMessage();
        }
    }

    private function resolve(array $value, ?CheckoutUrl $resolver = null)
    {
        $store = (new \Anything())->setId(1);
        $context = (new \Anything())->setExtensionAttributes((new \Anything())->setStore($store));
        return ($resolver ?? $this->resolver)->resolve(new Field(), $context, new ResolveInfo(), $value);
    }

    private function resolver(Order $placed)
    {
        $orders = $this->createMock(OrderFactory::class);
        $orders->method('create')->willReturn($placed);
        return new CheckoutUrl($orders, $this->house->orders, $this->house->payments, $this->house->config);
    }
}
