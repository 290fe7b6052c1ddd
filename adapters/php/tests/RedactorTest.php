<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\Redactor;
use PHPUnit\Framework\TestCase;

final class RedactorTest extends TestCase
{
    public function testContextWithSecretsAndPeopleKeepsOnlyWhatIsHarmless()
    {
        $context = [
            'order' => '100000123', 'amount' => 4999, 'ok' => true, 'nothing' => null,
            'api_key' => 'sk_live_1234567890', 'Authorization' => 'Bearer abc', 'customer_email' => 'a@b.de',
            'deep' => ['payer' => ['locale' => 'de'], 'note' => 'mail to jane.doe@example.com with Bearer sk_live_1234567890'],
            'object' => new \ArrayObject(['secret']), 'link' => 'https://bridge.example/checkout/chk_abc-DEF_123',
        ];
        $clean = Redactor::context($context);
        self::assertSame(['100000123', 4999, true, null], array_slice(array_values($clean), 0, 4));
        self::assertSame('https://bridge.example/checkout/chk_***', $clean['link']);
        $text = json_encode($clean);
        foreach (['sk_live', 'Bearer abc', 'a@b.de', 'jane', 'ArrayObject', 'chk_abc'] as $secret) {
            self::assertStringNotContainsString($secret, $text);
        }
    }

    public function testTextWithNotificationSecretLosesIt()
    {
        self::assertSame('bad: whsec_***', Redactor::text('bad: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'));
    }

    public function testContextWithoutEndIsCutOff()
    {
        $deep = ['secret'];
        for ($i = 0; $i < 50; $i++) {
            $deep = ['a' => $deep];
        }
        self::assertStringContainsString(Redactor::GONE, json_encode(Redactor::context($deep)));
    }
}
