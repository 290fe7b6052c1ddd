<?php

namespace PaymentBridge\Checkout\Tests;

use PaymentBridge\Checkout\Gateway\AvailabilityValidator;
use PaymentBridge\Checkout\Gateway\CurrencyValidator;
use PaymentBridge\Checkout\Gateway\InitializeCommand;
use PHPUnit\Framework\TestCase;

/**
 * What holds for the module as a whole, most of it read from its files.
 */
final class ModuleTest extends TestCase
{
    private const MODULE = __DIR__ . '/../../module/';

    public function testNewOrderWaitsForItsMoneyWithoutAMail()
    {
        $house = new House();
        $order = $house->order();
        $object = new \Anything();
        $object->data['Payment'] = $order->getPayment();
        $state = new \Anything();
        (new InitializeCommand($house->config))->execute(['payment' => $object, 'stateObject' => $state]);
        self::assertSame(['State' => 'pending_payment', 'Status' => 'pending_payment', 'IsNotified' => false], $state->data);
        self::assertFalse($order->getCanSendNewEmailFlag());
    }

    /** @dataProvider currencies */
    public function testMethodIsOfferedForTheChosenCurrenciesOnly($chosen, $currency, $isOffered)
    {
        $config = $this->createMock(\Magento\Payment\Gateway\ConfigInterface::class);
        $config->method('getValue')->willReturn($chosen);
        $validator = new CurrencyValidator(new \Magento\Payment\Gateway\Validator\ResultInterfaceFactory(), $config);
        self::assertSame($isOffered, $validator->validate(['currency' => $currency, 'storeId' => 1]));
    }

    public function currencies()
    {
        return [[null, 'EUR', true], ['EUR,CHF', 'CHF', true], ['EUR,CHF', 'USD', false], ['EUR', '', false]];
    }

    public function testMethodIsHiddenUntilTheConnectionIsSet()
    {
        $house = new House();
        $object = new \Anything();
        $object->data['Order'] = $house->order();
        $validator = new AvailabilityValidator(new \Magento\Payment\Gateway\Validator\ResultInterfaceFactory(), $house->config);
        self::assertTrue($validator->validate(['payment' => $object]));
        $house->settings['paymentbridge/connection/api_key'] = '';
        self::assertFalse($validator->validate(['payment' => $object]));
    }

    public function testLogNeverHoldsASecretOrAnAddress()
    {
        $house = new House();
        $house->log->note('failed with Bearer sk_live_0123456789', ['api_key' => 'sk_live_0123456789', 'why' => 'jane@example.com']);
        self::assertStringNotContainsString('sk_live_0123456789', $house->logged[0]);
        self::assertStringNotContainsString('jane@', $house->logged[0]);
    }

    public function testSecretsAreSensitiveAndEncryptedAndNeverInATemplate()
    {
        $di = file_get_contents(self::MODULE . 'etc/di.xml');
        $system = simplexml_load_file(self::MODULE . 'etc/adminhtml/system.xml');
        foreach (['api_key', 'notification_secret', 'notification_secret_next'] as $secret) {
            self::assertStringContainsString('name="paymentbridge/connection/' . $secret . '"', $di);
            list($field) = $system->xpath("//group[@id='connection']/field[@id='$secret']");
            self::assertSame(
                ['obscure', 'Magento\Config\Model\Config\Backend\Encrypted'],
                [(string) $field['type'], (string) $field->backend_model]
            );
        }
        foreach ($this->files('phtml|js|html') as $path => $text) {
            self::assertDoesNotMatchRegularExpression('/apiKey|notificationSecret|api_key/', $text, $path);
        }
    }

    public function testOnlyTheNotificationDoorIsOpenWithoutAFormKey()
    {
        $open = [];
        foreach ($this->files('php') as $path => $text) {
            if (strpos($text, 'implements') !== false && preg_match('/implements [^{]*CsrfAwareActionInterface/', $text)) {
                $open[] = $path;
            }
        }
        self::assertSame(['Controller/Notification/Index.php'], $open);
    }

    public function testDoorsOfTheBackOfficeArePostOnlyAndHaveAResource()
    {
        foreach ($this->files('php') as $path => $text) {
            if (strncmp($path, 'Controller/Adminhtml/', 21) === 0) {
                self::assertStringContainsString('implements HttpPostActionInterface', $text, $path);
                self::assertStringContainsString("ADMIN_RESOURCE = 'PaymentBridge_Checkout::config'", $text, $path);
            }
        }
    }

    public function testNoAnonymousDoorOfTheWebApiAndNoUninstall()
    {
        self::assertFileDoesNotExist(self::MODULE . 'etc/webapi.xml');
        self::assertDirectoryDoesNotExist(self::MODULE . 'Setup'); // what was paid is kept when the module goes
    }

    public function testCheckoutKeepsTheRegionOfTermsAndCaptcha()
    {
        $template = file_get_contents(self::MODULE . 'view/frontend/web/template/payment/paymentbridge.html');
        self::assertStringContainsString("getRegion('before-place-order')", $template);
    }

    public function testTokenOfAnAttemptIsRandom()
    {
        $house = new House();
        $house->payments->start($house->order(1));
        $house->payments->start($house->order(2));
        list($one, $other) = array_column($house->tables->attempts, 'token');
        self::assertMatchesRegularExpression('/^[0-9a-f]{64}$/', $one);
        self::assertNotSame($one, $other);
    }

    public function testCodeKnowsNoProviderAndNothingDangerous()
    {
        $never = '/cashcloud|1cs|onecs|\beval\(|unserialize\(|ObjectManager|\$_(GET|POST|REQUEST|COOKIE)|SSL_VERIFYPEER => false|\(float\) \$(payment|told)/i';
        foreach ($this->files('php|phtml|xml|js|csv|graphqls') as $path => $text) {
            if ($path !== 'etc/di.xml' && !preg_match('/urn:magento:framework:ObjectManager/', $text)) {
                self::assertDoesNotMatchRegularExpression($never, $text, $path);
            }
        }
    }

    public function testEveryWordIsThereInGermanAndInEnglish()
    {
        $words = [];
        foreach ($this->files('php|phtml') as $text) {
            preg_match_all('/__\(\s*(["\'])((?:\\\\.|(?!\1).)+)\1/s', $text, $found);
            $words = array_merge($words, array_map('stripslashes', $found[2]));
        }
        foreach (['de_DE', 'en_US'] as $locale) {
            $known = array_column(array_map('str_getcsv', file(self::MODULE . "i18n/$locale.csv")), 1, 0);
            self::assertSame([], array_values(array_diff(array_unique($words), array_keys($known))), $locale);
            self::assertNotContains('', $known, $locale);
        }
    }

    private function files($endings)
    {
        $all = new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator(self::MODULE, \FilesystemIterator::SKIP_DOTS));
        $files = [];
        foreach ($all as $path) {
            if (preg_match('/\.(' . $endings . ')$/', (string) $path)) {
                $files[substr((string) $path, strlen(self::MODULE))] = file_get_contents((string) $path);
            }
        }
        return $files;
    }
}
