<?php

namespace PaymentBridge\PrestaShop\Tests;

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
        $placed = $house->order('49.990000', 1, ['reference' => 'XKBKNABJK', 'current_state' => $case['state'] ?? House::WAITING]);
        $house->attempt($placed, ($case['row'] ?? []) + ['payment_id' => $payment['id'] === 'pay_other' ? 'pay_1' : $payment['id']]);
        $house->bridge()->has($payment);
        for ($time = 0; $time < ($case['times'] ?? 1); $time++) {
            self::assertSame($case['answer'], $this->tell($house, $case, $payment));
        }
        $decisions = array_column($house->db->all('SELECT decision FROM ps_payment_bridge_event'), 'decision');
        self::assertSame($case['decision'] === null ? [] : [$case['decision']], $decisions);
        self::assertSame($case['order'], $house->placed(1)->state());
        self::assertSame($case['order'] === 'paid' ? ['49.99'] : [], $house->booked());
    }

    public function testStartSendsTheRequestOfTheContract()
    {
        $house = new House();
        $house->parts->payments()->start($house->order('49.990000', 1, ['reference' => 'XKBKNABJK']), 'wallet');
        list(, $key, $body) = $house->bridge()->asked[0];
        $told = self::contract('requests')['requests'][0];
        self::assertSame(array_keys($told['body']), array_keys($body));
        foreach (['return_url', 'cancel_url'] as $address) {
            self::assertMatchesRegularExpression('#^https://shop.example/module/paymentbridge/return\?token=[0-9a-f]{64}$#', $body[$address]);
            unset($body[$address], $told['body'][$address]);
        }
        self::assertMatchesRegularExpression('/^[0-9a-f]{64}$/', $body['metadata']['attempt']);
        unset($body['metadata'], $told['body']['metadata']);
        self::assertSame($told['body'], $body);
        self::assertMatchesRegularExpression('/^order-[0-9a-f]{64}$/', $key);
    }

    public function testRefundSendsTheRequestOfTheContract()
    {
        $house = new House();
        $house->paidPayment($house->order());
        $house->parts->refunds()->refund($house->placed(1), 1500, 1);
        list(, $key, $body) = end($house->bridge()->asked);
        $requests = array_column(self::contract('requests')['requests'], null, 'name');
        $told = $requests['a part of the money, given back by the merchant']['body'];
        self::assertSame(['amount' => 1500, 'reason' => $told['reason']], array_intersect_key($body, ['amount' => 1, 'reason' => 1]));
        self::assertSame($body['refund_reference'] . '-0', $key);
    }

    private function tell(House $house, array $case, array $payment)
    {
        list($headers, $body) = self::told($case, $payment, House::SECRET);
        return $house->parts->payments()->processor()->take('POST', $headers, $body, $house->parts->config()->notificationSecrets(), self::$now);
    }

    protected static function contract($name)
    {
        return json_decode(file_get_contents(__DIR__ . "/../../contract/$name.json"), true);
    }
}
