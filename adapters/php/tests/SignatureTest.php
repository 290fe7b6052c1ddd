<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\RefusedException;
use PaymentBridge\Core\Signature;
use PHPUnit\Framework\TestCase;

final class SignatureTest extends TestCase
{
    // The vector of the Standard Webhooks reference libraries.
    private const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    private const OTHER = 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
    private const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
    private const AT = 1614265330;
    private const BODY = '{"test": 2432232314}';
    private const ENTRY = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

    public function testSignOfThePublishedVectorIsThePublishedSignature()
    {
        self::assertSame(self::ENTRY, Signature::sign(self::SECRET, self::ID, (string) self::AT, self::BODY));
    }

    /** @dataProvider good */
    public function testVerifyOfGoodSignatureReturns($signature, $secrets, $now)
    {
        $this->expectNotToPerformAssertions();
        Signature::verify($this->headers($signature), self::BODY, $secrets, $now);
    }

    public function good()
    {
        return [
            'one' => [self::ENTRY, [self::SECRET], self::AT],
            'two secrets' => [self::ENTRY, [self::OTHER, self::SECRET], self::AT],
            'two signatures' => ['v1,AAAA ' . self::ENTRY, [self::SECRET], self::AT],
            'another version first' => ['v1a,zzz ' . self::ENTRY, [self::SECRET], self::AT],
            'a broken secret beside it' => [self::ENTRY, ['', 'whsec_x', self::SECRET], self::AT],
            'five minutes late' => [self::ENTRY, [self::SECRET], self::AT + 300],
            'five minutes early' => [self::ENTRY, [self::SECRET], self::AT - 300],
        ];
    }

    public function testVerifyWithHeadersInCapitalsReturns()
    {
        $this->expectNotToPerformAssertions();
        $headers = ['Webhook-Id' => self::ID, 'WEBHOOK-TIMESTAMP' => (string) self::AT, 'Webhook-Signature' => self::ENTRY];
        Signature::verify($headers, self::BODY, [self::SECRET], self::AT);
    }

    /** @dataProvider bad */
    public function testVerifyOfAnythingElseIsRefused(array $headers, $body, $secrets, $now)
    {
        $this->expectException(RefusedException::class);
        $this->expectExceptionCode(401);
        Signature::verify($headers + $this->headers(self::ENTRY), $body, $secrets, $now);
    }

    public function bad()
    {
        $good = [[], self::BODY, [self::SECRET], self::AT];
        $changes = [
            'no signature' => [0 => ['webhook-signature' => '']],
            'another signature' => [0 => ['webhook-signature' => 'v1,AAAA']],
            'version left out' => [0 => ['webhook-signature' => substr(self::ENTRY, 3)]],
            'bytes changed' => [1 => '{"test":2432232314}'],
            'empty body' => [1 => ''],
            'another secret' => [2 => [self::OTHER]],
            'no secret' => [2 => []],
            'empty secret' => [2 => ['']],
            'too old' => [3 => self::AT + 301],
            'from the future' => [3 => self::AT - 301],
            'no timestamp' => [0 => ['webhook-timestamp' => '']],
            'timestamp is a word' => [0 => ['webhook-timestamp' => '1614265330x']],
            'no id' => [0 => ['webhook-id' => '']],
            'id with a dot' => [0 => ['webhook-id' => 'a.b']],
            'header is a list' => [0 => ['webhook-id' => ['a']]],
            'signature after too many' => [0 => ['webhook-signature' => str_repeat('v1,AAAA ', 20) . self::ENTRY]],
        ];
        return array_map(static function ($change) use ($good) {
            return array_replace($good, $change);
        }, $changes);
    }

    public function testIsSecretOfShortOrForeignTextIsFalse()
    {
        $all = array_map([Signature::class, 'isSecret'], [self::SECRET, 'whsec_c2hvcnQ=', 'sk_x', '', null, 'whsec_###']);
        self::assertSame([true, false, false, false, false, false], $all);
    }

    private function headers($signature)
    {
        return ['webhook-id' => self::ID, 'webhook-timestamp' => (string) self::AT, 'webhook-signature' => $signature];
    }
}
