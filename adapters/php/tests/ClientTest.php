<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\ApiException;
use PaymentBridge\Core\Client;
use PaymentBridge\Core\NoAnswerException;
use PaymentBridge\Core\NotSentException;
use PHPUnit\Framework\TestCase;

final class ClientTest extends TestCase
{
    private const KEY = 'sk_test_0123456789';

    /** @var LocalBridge */
    private static $bridge;

    public static function setUpBeforeClass(): void
    {
        self::$bridge = new LocalBridge();
    }

    public static function tearDownAfterClass(): void
    {
        self::$bridge->stop();
    }

    public function testCreatePaymentSendsKeyBodyAndNameAsTheApiWantsThem()
    {
        self::$bridge->script([[201, ['id' => 'pay_1']]]);
        self::assertSame(['id' => 'pay_1'], $this->client()->createPayment(['amount' => 4999], 'order-1-1'));
        $asked = self::$bridge->asked()[0];
        self::assertSame(['POST', '/v1/payments', '{"amount":4999}'], [$asked['method'], $asked['path'], $asked['body']]);
        $headers = $asked['headers'];
        self::assertSame(
            ['"order-1-1"', 'Bearer ' . self::KEY, 'application/json'],
            [$headers['idempotency-key'], $headers['authorization'], $headers['content-type']]
        );
        self::assertMatchesRegularExpression('#^Shop/1.0 module/0.1.0 php/[0-9.]+#', $headers['user-agent']);
    }

    /** @dataProvider verbs */
    public function testVerbAsksItsPath($verb, array $arguments, $expected)
    {
        self::$bridge->script([[200, ['data' => []]]]);
        call_user_func_array([$this->client(), $verb], $arguments);
        $asked = self::$bridge->asked()[0];
        self::assertSame($expected, trim($asked['method'] . ' ' . $asked['path'] . ' ' . $asked['body']));
    }

    public function verbs()
    {
        return [
            ['payment', ['pay_1'], 'GET /v1/payments/pay_1'],
            ['payment', ['../shop?x=/'], 'GET /v1/payments/..%2Fshop%3Fx%3D%2F'],
            ['payments', [['order_reference' => 'a b']], 'GET /v1/payments?order_reference=a%20b'],
            ['refund', ['pay_1', ['amount' => 1], 'k'], 'POST /v1/payments/pay_1/refunds {"amount":1}'],
            ['refunds', ['pay_1'], 'GET /v1/payments/pay_1/refunds?limit=100'],
            ['oneRefund', ['ref_1'], 'GET /v1/refunds/ref_1'],
            ['capture', ['pay_1', ['amount' => 1], 'k'], 'POST /v1/payments/pay_1/captures {"amount":1}'],
            ['cancel', ['pay_1', 'k'], 'POST /v1/payments/pay_1/cancel {}'],
            ['sync', ['pay_1'], 'POST /v1/payments/pay_1/sync {}'],
            ['paymentEvents', ['pay_1'], 'GET /v1/payments/pay_1/events'],
            ['events', [], 'GET /v1/events'],
            ['events', ['evt_1'], 'GET /v1/events?after=evt_1'],
            ['methods', [4999, 'EUR'], 'GET /v1/methods?amount=4999&currency=EUR'],
            ['shop', [], 'GET /v1/shop'],
            ['testNotification', [], 'POST /v1/shop/test-notification {}'],
        ];
    }

    public function testProblemDocumentBecomesAnExceptionWithItsWords()
    {
        $problem = ['code' => 'payment_exists', 'detail' => 'There is one.', 'payment_id' => 'pay_7', 'request_id' => 'r',
            'retryable' => false];
        self::$bridge->script([[409, $problem]]);
        try {
            $this->client()->createPayment([], 'k');
            self::fail('nothing was thrown');
        } catch (ApiException $refused) {
            self::assertSame(
                [409, 'payment_exists', 'There is one.', 'pay_7', 'r', false],
                [$refused->status(), $refused->problemCode(), $refused->detail(), $refused->member('payment_id'),
                    $refused->requestId(), $refused->isRetryable()]
            );
        }
        self::assertCount(1, self::$bridge->asked());
    }

    public function testRefusalThatIsNoJsonIsARefusalAllTheSame()
    {
        self::$bridge->script([[404, '<html>nginx</html>']]);
        $this->expectException(ApiException::class);
        $this->client()->shop();
    }

    public function testTroubleThatPassesIsAskedAgainWithTheSameKeyAndBytes()
    {
        self::$bridge->script([[503, ['code' => 'unavailable']], [409, ['code' => 'idempotency_running'], ['Retry-After' => '1']],
            [200, ['id' => 'ref_1']]]);
        self::assertSame('ref_1', $this->client()->refund('pay_1', ['amount' => 5], 'key-1')['id']);
        $asked = self::$bridge->asked();
        self::assertSame(['"key-1"', '"key-1"', '"key-1"'], array_map(static function ($one) {
            return $one['headers']['idempotency-key'];
        }, $asked));
        self::assertCount(1, array_unique(array_column($asked, 'body')));
    }

    /** @dataProvider rubbish */
    public function testAnswerThatIsNoAnswerLeavesItUnknown($answer)
    {
        self::$bridge->script([$answer]);
        try {
            $this->client(5)->createPayment([], 'k');
            self::fail('nothing was thrown');
        } catch (NoAnswerException $unknown) {
            self::assertNotInstanceOf(NotSentException::class, $unknown);
            self::assertStringNotContainsString(self::KEY, (string) $unknown);
        }
    }

    public function rubbish()
    {
        return [
            'server error' => [[500, ['code' => 'internal_error']]],
            'too many' => [[429, ['code' => 'too_many']]],
            'no JSON' => [[200, '<html>']],
            'empty' => [[200, '']],
            'a number' => [[200, '7']],
            'a redirect' => [[302, '', ['Location' => 'http://127.0.0.1:1/']]],
            'too large' => [[200, '"' . str_repeat('x', 1100000) . '"']],
        ];
    }

    public function testSlowAnswerIsGivenUpAtTheDeadlineAndLeavesItUnknown()
    {
        self::$bridge->script([[200, ['id' => 'x'], [], 1500000]]);
        $this->expectException(NoAnswerException::class);
        $this->client(0.4)->shop();
    }

    /** @group native */
    public function testNobodyThereIsSurelyNotSent()
    {
        $client = new Client('http://127.0.0.1:' . LocalBridge::freePort(), self::KEY, 'Shop', 3);
        $this->expectException(NotSentException::class);
        $client->createPayment([], 'k');
    }

    /** @dataProvider addresses */
    public function testAddressThatMayNotBeCalledIsRefused($url)
    {
        $this->expectException(\InvalidArgumentException::class);
        new Client($url, self::KEY);
    }

    public function addresses()
    {
        return [[''], ['bridge.example'], ['http://bridge.example'], ['https://user:x@bridge.example'], ['https://b.example/?x'],
            ['https://b.example/#x'], ['ftp://127.0.0.1'], ['file:///etc/passwd'], ["https://b.example\n"], ['https://'],
            ['http://127.0.0.1.evil.example'], ['https://a\\@b.example'], [null]];
    }

    /** @dataProvider keys */
    public function testKeyThatWouldBreakTheHeaderIsRefusedAsTheBridgeRefuses($key)
    {
        self::$bridge->script([]);
        $this->expectException(ApiException::class);
        try {
            $this->client()->cancel('pay_1', $key);
        } finally {
            self::assertSame([], self::$bridge->asked());
        }
    }

    public function keys()
    {
        return [[''], ["a\r\nX: 1"], ['a"b'], ['a\\b'], [str_repeat('a', 256)], ["k\n"], ['order-a b'], ['order-№1']];
    }

    public function testTextThatIsNoUtf8IsRefusedAsTheBridgeRefuses()
    {
        $this->expectException(ApiException::class);
        $this->client()->createPayment(['order_reference' => "M\xfcller"], 'k');
    }

    public function testApiKeyWithLineEndIsRefused()
    {
        $this->expectException(\InvalidArgumentException::class);
        new Client('https://bridge.example', "sk_12345678\r\nX: 1");
    }

    public function testDumpShowsNoApiKey()
    {
        self::assertStringNotContainsString(self::KEY, print_r($this->client(), true));
    }

    private function client($deadline = 10)
    {
        return new ImpatientClient(self::$bridge->url . '/', self::KEY, 'Shop/1.0 module/0.1.0', $deadline);
    }
}
