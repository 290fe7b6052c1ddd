<?php

namespace PaymentBridge\Checkout\Tests;

use Magento\Framework\DataObject;
use Magento\Framework\Event\Observer;
use PaymentBridge\Checkout\Gateway\InitializeCommand;
use PaymentBridge\Checkout\Model\Clients;
use PaymentBridge\Checkout\Observer\ForgetRefusals;
use PaymentBridge\Checkout\Observer\HideWhereItCannotBe;
use PaymentBridge\Core\ApiException;
use PaymentBridge\Core\NoAnswerException;
use PaymentBridge\Core\Tests\LocalBridge;
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
    public function testMethodIsOfferedForCartsInTheChosenCurrenciesOnly($chosen, $currency, $isOffered)
    {
        $house = new House();
        $house->settings['payment/paymentbridge_wallet/allowed_currencies'] = $chosen;
        self::assertSame($isOffered, $this->isOffered($house, 'paymentbridge_wallet', $currency));
    }

    public function currencies()
    {
        return [[null, 'USD', true], ['EUR,CHF', 'CHF', true], ['EUR,CHF', 'USD', false], ['EUR', '', false], ['EUR', null, true]];
    }

    public function testMethodIsNotOfferedAgainInACurrencyThatTheBridgeRefusedUntilTheSettingsAreSaved()
    {
        $house = new House();
        $this->refuse($house, 'currency_not_supported');
        self::assertFalse($this->isOffered($house, 'paymentbridge_wallet', 'USD'));
        self::assertTrue($this->isOffered($house, 'paymentbridge_wallet', 'EUR'));
        self::assertTrue($this->isOffered($house, 'paymentbridge_card', 'USD'));
        (new ForgetRefusals($house->refusals))->execute(new Observer());
        self::assertTrue($this->isOffered($house, 'paymentbridge_wallet', 'USD'));
    }

    public function testRefusedCurrencyIsOfferedByStoresWithAnotherAccountAndAfterTheKeyWasChanged()
    {
        $house = new House();
        $this->refuse($house, 'currency_not_supported');
        self::assertFalse($this->isOffered($house, 'paymentbridge_wallet', 'USD', 2));
        $house->settings['paymentbridge/connection/api_key@2'] = 'ENC:sk_store_2_key';
        self::assertTrue($this->isOffered($house, 'paymentbridge_wallet', 'USD', 2));
        $house->settings['paymentbridge/connection/api_key'] = 'ENC:sk_new_key';
        self::assertTrue($this->isOffered($house, 'paymentbridge_wallet', 'USD', 1));
    }

    public function testMethodIsOfferedAgainAfterARefusalOfAnotherKind()
    {
        $house = new House();
        $this->refuse($house, 'amount_too_large');
        self::assertTrue($this->isOffered($house, 'paymentbridge_wallet', 'USD'));
    }

    public function testSettingsOfBothPagesLetRefusedCurrenciesBeTriedAgain()
    {
        $events = simplexml_load_file(self::MODULE . 'etc/adminhtml/events.xml');
        foreach (['paymentbridge', 'payment'] as $section) {
            list($observer) = $events->xpath("//event[@name='admin_system_config_changed_section_$section']/observer");
            self::assertSame(ForgetRefusals::class, (string) $observer['instance']);
        }
    }

    public function testMethodIsHiddenUntilTheConnectionIsSet()
    {
        $house = new House();
        self::assertTrue($this->isOffered($house, 'paymentbridge_card', 'EUR', 2));
        $house->settings['paymentbridge/connection/api_key@2'] = '';
        self::assertFalse($this->isOffered($house, 'paymentbridge_card', 'EUR', 2));
        self::assertTrue($this->isOffered($house, 'paymentbridge_card', 'EUR', 1));
        self::assertTrue($this->isOffered($house, 'checkmo', 'EUR', 2));
    }

    public function testCustomersAreNotKeptWaitingForASilentBridgeAsCronIs()
    {
        foreach (['frontend' => true, 'graphql' => true, 'adminhtml' => false, 'crontab' => false, 'webapi_rest' => false] as $area => $isShort) {
            $path = self::MODULE . "etc/$area/di.xml";
            $text = is_file($path) ? file_get_contents($path) : '';
            self::assertSame($isShort, strpos($text, 'name="deadline" xsi:type="const">PaymentBridge\Core\Client::SHORT<') !== false, $area);
        }
    }

    public function testClientsHaveTheDeadlineThatTheirAreaHas()
    {
        $bridge = new LocalBridge();
        $product = $this->createMock(\Magento\Framework\App\ProductMetadataInterface::class);
        $bridge->script([[200, ['shop' => 'late'], [], 1500000]]);
        try {
            $this->expectException(NoAnswerException::class);
            (new Clients((new House())->config, $product, 0.4))->of($bridge->url, 'sk_store_1_key')->shop();
        } finally {
            $bridge->stop();
        }
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
                self::assertMatchesRegularExpression("/ADMIN_RESOURCE = '(PaymentBridge_Checkout::config|Magento_Sales::creditmemo)'/", $text, $path);
            }
        }
    }

    public function testNoAnonymousDoorOfTheWebApiAndNoUninstall()
    {
        self::assertFileDoesNotExist(self::MODULE . 'etc/webapi.xml');
        self::assertFileDoesNotExist(self::MODULE . 'Setup/Uninstall.php'); // what was paid is kept when the module goes
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
            $lines = array_map(static function ($line) {
                return str_getcsv($line, ',', '"', '\\');
            }, file(self::MODULE . "i18n/$locale.csv"));
            $known = array_column($lines, 1, 0);
            self::assertSame([], array_values(array_diff(array_unique($words), array_keys($known))), $locale);
            self::assertNotContains('', $known, $locale);
        }
    }

    private function refuse(House $house, $code)
    {
        $house->bridge()->refuses = [422, ['code' => $code, 'detail' => 'No.']];
        try {
            $house->payments->start($house->order(123, '5.0000', 'USD'));
            self::fail('nothing was refused');
        } catch (ApiException $refused) {
            self::assertSame($code, $refused->problemCode());
        }
    }

    private function isOffered(House $house, $method, $currency, $store = 1)
    {
        $observer = new Observer();
        $observer->data = ['method_instance' => (new \Anything())->setCode($method), 'result' => new DataObject(),
            'quote' => (new \Anything())->setStoreId($store)->setQuoteCurrencyCode($currency)];
        (new HideWhereItCannotBe($house->config, $house->refusals))->execute($observer);
        return $observer->data['result']->data === [];
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
