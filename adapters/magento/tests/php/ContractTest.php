<?php

namespace PaymentBridge\Checkout\Tests;

use PaymentBridge\Core\Tests\ContractCases;
use PHPUnit\Framework\TestCase;

/**
 * The promises in contract/: the same files are played against the API in Python.
 */
final class ContractTest extends TestCase
{
    use ContractCases;

    /** @dataProvider notifications */
    public function testNotificationIsTakenAsTheContractSays(array $case, array $payment)
    {
        $house = new House();
        $order = $house->order();
        $house->attempt($order, ($case['row'] ?? []) + ['payment_id' => $payment['id'] === 'pay_other' ? 'pay_1' : $payment['id']]);
        $order->setState($case['state'] ?? 'pending_payment');
        $house->bridge()->has($payment);
        for ($time = 0; $time < ($case['times'] ?? 1); $time++) {
            self::assertSame($case['answer'], $this->tell($house, $case, $payment));
        }
        self::assertSame($case['decision'] === null ? [] : [$case['decision']], array_values($house->tables->events));
        self::assertSame($case['order'], $order->getState());
        self::assertSame($case['order'] === 'processing' ? 1 : 0, count($order->data['invoices'] ?? []));
    }

    public function testStartSendsTheRequestOfTheContract()
    {
        $house = new House();
        $house->payments->start($house->order());
        list(, $key, $body) = $house->bridge()->asked[0];
        $told = self::contract('requests')['requests'][0];
        self::assertSame(array_keys($told['body']), array_keys($body));
        foreach (['return_url', 'cancel_url'] as $address) {
            self::assertMatchesRegularExpression('#^https://shop.example/paymentbridge/checkout/done/token/[0-9a-f]{64}/$#', $body[$address]);
            unset($body[$address], $told['body'][$address]);
        }
        self::assertMatchesRegularExpression('/^[0-9a-f]{64}$/', $body['metadata']['attempt']);
        unset($body['metadata'], $told['body']['metadata']);
        self::assertSame($told['body'], $body);
        self::assertMatchesRegularExpression('/^order-[0-9a-f]{64}$/', $key);
    }

    private function tell(House $house, array $case, array $payment)
    {
        list($headers, $body) = self::told($case, $payment, House::SECRET);
        return $house->payments->processor()->take('POST', $headers, $body, $house->config->notificationSecrets(), self::$now);
    }

    protected static function contract($name)
    {
        return json_decode(file_get_contents(__DIR__ . "/../../contract/$name.json"), true, 32, JSON_THROW_ON_ERROR);
    }
}
