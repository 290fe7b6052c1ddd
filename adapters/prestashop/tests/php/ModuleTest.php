<?php

namespace PaymentBridge\PrestaShop\Tests;

use PaymentBridge\PrestaShop\Config;
use PaymentBridge\PrestaShop\Installation;
use PaymentBridge\PrestaShop\SettingsForm;
use PHPUnit\Framework\TestCase;

/**
 * Installing, configuring and removing; and what holds for the module as a whole, read from its files.
 */
final class ModuleTest extends TestCase
{
    private const MODULE = __DIR__ . '/../../module/';
    private const KEY = 'sk_shop_1_key';
    private const TYPED = [
        'URL' => 'https://bridge.example/', 'API_KEY' => '', 'SECRET' => '', 'SECRET_NEXT' => '', 'DISPLAY' => 'widget', 'MINUTES' => '30',
        'MAIL' => 'placed', 'PAID_STATE' => '2', 'REFUND_ON_SLIP' => '0', 'WALLET' => '1', 'CARD' => '0', 'MIN' => '', 'MAX' => '',
    ];

    /** @var House */
    private $house;

    protected function setUp(): void
    {
        $this->house = new House();
    }

    public function testInstallMakesStateTabTablesHooksAndSettingsAndTwiceIsHarmless()
    {
        \Configuration::$values = ['PS_OS_PAYMENT' => 2, 'PS_LANG_DEFAULT' => 1];
        self::assertTrue($this->house->module->install());
        self::assertTrue($this->house->module->install());
        $state = $this->house->parts->config()->waitingState();
        self::assertSame('paymentbridge', $this->house->db->one("SELECT module_name FROM ps_order_state WHERE id_order_state = $state"));
        self::assertSame(1, (int) $this->house->db->one('SELECT COUNT(*) FROM ps_tab'));
        self::assertContains('displayAdminOrderMainBottom', $this->house->module->hooks);
        self::assertMatchesRegularExpression('/^[0-9a-f]{32}$/', \Configuration::get('PAYMENTBRIDGE_CRON'));
    }

    public function testEveryHookThatIsRegisteredIsAnsweredAndTheOtherWayRound()
    {
        $written = preg_grep('/^hook/', get_class_methods(\PaymentBridge::class));
        $registered = array_map(static function ($hook) {
            return 'hook' . ucfirst($hook);
        }, array_merge(Installation::HOOKS, Installation::HOOKS_OF_NEW_PAGE, Installation::HOOKS_OF_OLD_PAGE));
        self::assertEqualsCanonicalizing($registered, array_values($written));
    }

    public function testEveryControllerIsNamedAndTheOtherWayRound()
    {
        $files = array_map(static function ($path) {
            return basename($path, '.php');
        }, glob(self::MODULE . 'controllers/front/*.php'));
        self::assertEqualsCanonicalizing($files, $this->house->module->controllers);
    }

    public function testUninstallKeepsWhatWasPaidAndForgetsTheSecrets()
    {
        $this->house->paidPayment($this->house->order());
        $this->house->module->uninstall();
        self::assertSame('paid', $this->house->db->one('SELECT status FROM ps_payment_bridge_attempt'));
        self::assertSame(['PAYMENTBRIDGE_OS_WAITING'], array_values(preg_grep('/^PAYMENTBRIDGE/', array_keys(\Configuration::$values))));
        self::assertSame(1, (int) $this->house->db->one('SELECT deleted FROM ps_order_state WHERE id_order_state = ' . House::WAITING));
    }

    public function testUpgradeMakesWhatIsMissingAndKeepsTheRest()
    {
        require_once self::MODULE . 'upgrade/upgrade-0.1.0.php';
        $this->house->attempt($this->house->order());
        $this->house->db->run('DROP TABLE ps_payment_bridge_note');
        self::assertTrue(upgrade_module_0_1_0($this->house->module));
        self::assertSame([], $this->house->notes(1));
        self::assertSame('1', (string) $this->house->db->one('SELECT COUNT(*) FROM ps_payment_bridge_attempt'));
    }

    public function testUpgradeTo020MakesTheTableOfCreditSlipsAndRegistersTheHookAboveTheOrder()
    {
        require_once self::MODULE . 'upgrade/upgrade-0.2.0.php';
        $this->house->db->run('DROP TABLE ps_payment_bridge_slip');
        self::assertTrue(upgrade_module_0_2_0($this->house->module));
        self::assertSame([], $this->house->parts->tables()->openSlips(1));
        self::assertContains('displayAdminOrderTop', $this->house->module->hooks);
    }

    public function testUpgradeTo020MendsRowsThatWereCutSoThatTheirOrdersAreStillPaid()
    {
        require_once self::MODULE . 'upgrade/upgrade-0.2.0.php';
        $whole = str_repeat('A', 40);
        $placed = $this->house->order('49.990000', 1, ['reference' => $whole]);
        $rest = ['sequence' => 5, 'body' => json_encode(['order_reference' => $whole])];
        $this->house->attempt($placed, ['order_reference' => substr($whole, 0, 32)] + $rest);
        $short = ['order_reference' => str_repeat('B', 32)];
        $other = $this->house->attempt($this->house->order(), ['payment_id' => 'pay_2', 'token' => House::token(2), 'body' => json_encode($short)] + $short + $rest);
        $this->house->bridgeSays(['order_reference' => $whole, 'status' => 'paid', 'amount_captured' => 4999, 'sequence' => 5]);
        self::assertTrue(upgrade_module_0_2_0($this->house->module));
        self::assertTrue(upgrade_module_0_2_0($this->house->module));
        self::assertSame($other, $this->house->parts->tables()->attemptByPayment('pay_2'));
        $this->house->db->run("UPDATE ps_payment_bridge_attempt SET updated_at = datetime('now', '-1 hour') WHERE id = 1");
        $this->house->parts->expiry()->run(50);
        self::assertSame(['paid', ['49.99']], [$this->house->placed(1)->state(), $this->house->booked()]);
    }

    public function testStateThatSomebodyDeletedIsMadeAnew()
    {
        $this->house->db->run('DELETE FROM ps_order_state WHERE id_order_state = ' . House::WAITING);
        $made = $this->house->parts->states()->waiting();
        self::assertSame([$made, false], [$this->house->parts->states()->waiting(), $made === House::WAITING]);
    }

    public function testStateOfAModuleThatIsInstalledAgainIsTheSameSoThatOldOrdersStillWait()
    {
        $this->house->order();
        $this->house->module->uninstall();
        $this->house->module->install();
        self::assertSame(House::WAITING, $this->house->parts->states()->waiting());
        self::assertSame([1], $this->house->placed(1)->waiting());
        self::assertSame(0, (int) $this->house->db->one('SELECT deleted FROM ps_order_state WHERE id_order_state = ' . House::WAITING));
    }

    public function testPaidStateThatIsNotPaidIsPrestaShopsOwn()
    {
        $this->house->set('PAID_STATE', (string) House::CANCELED);
        self::assertSame(House::PAID, $this->house->parts->states()->paid(1));
        $this->house->set('PAID_STATE', '3');
        self::assertSame(3, $this->house->parts->states()->paid(1));
    }

    public function testSecretsAreStoredEncryptedAndNeverShownAgain()
    {
        $secret = 'whsec_' . base64_encode(str_repeat('s', 32));
        self::assertSame([], $this->take(['API_KEY' => 'sk_new_key_0123456789', 'SECRET' => $secret]));
        self::assertStringNotContainsString('sk_new_key', json_encode(\Configuration::$values));
        self::assertSame('sk_new_key_0123456789', $this->house->parts->config()->apiKey(1));
        $page = $this->house->module->getContent();
        foreach (['sk_new_key', $secret, strrev($secret), 'ENC:'] as $shown) {
            self::assertStringNotContainsString($shown, $page . json_encode($this->house->context->smarty->assigned));
        }
    }

    /** @dataProvider kept */
    public function testSecretThatIsLeftEmptyIsKept($typed, $expected)
    {
        self::assertSame([], $this->take(['API_KEY' => $typed]));
        self::assertSame($expected, $this->house->parts->config()->apiKey(1));
    }

    public function kept()
    {
        return [['', self::KEY], ['*****', self::KEY], ['••••', self::KEY], ['-', '']];
    }

    /** @dataProvider wrong */
    public function testSettingsThatAreWrongAreNotStored(array $typed)
    {
        $before = \Configuration::$values;
        self::assertCount(1, $this->take($typed));
        self::assertSame($before, \Configuration::$values);
    }

    public function wrong()
    {
        return [[['URL' => 'http://bridge.example']], [['URL' => 'https://user:pass@bridge.example']], [['URL' => 'javascript:alert(1)']],
            [['API_KEY' => 'short']], [['SECRET' => 'not a secret']], [['SECRET_NEXT' => 'whsec_short']], [['MINUTES' => '4']],
            [['MINUTES' => '1441']], [['MINUTES' => 'ten']], [['MIN' => '1.234,50']], [['MAX' => '-1']]];
    }

    public function testSettingsAreOfTheChosenShopOnly()
    {
        \Shop::setContext(\Shop::CONTEXT_SHOP, 2);
        $this->take(['API_KEY' => 'sk_second_shop_key', 'URL' => 'https://second.example']);
        $config = $this->house->parts->config();
        self::assertSame([self::KEY, 'sk_second_shop_key'], [$config->apiKey(1), $config->apiKey(2)]);
        self::assertSame(['https://bridge.example', 'https://second.example'], [$config->bridgeUrl(1), $config->bridgeUrl(2)]);
    }

    public function testNotificationSecretsOfAllShopsAreGood()
    {
        $cipher = new \PhpEncryption('');
        $this->house->set('SECRET_NEXT', $cipher->encrypt('whsec_next'), 1);
        $this->house->set('SECRET', $cipher->encrypt('whsec_second'), 2);
        self::assertSame([House::SECRET, 'whsec_next', 'whsec_second'], $this->house->parts->config()->notificationSecrets());
    }

    public function testFormTakesWhatWasTypedThroughItsButton()
    {
        \Tools::$values = self::TYPED + [SettingsForm::SUBMIT => '1', 'WALLET_TITLE_1' => '<b>Wallet</b>', 'WALLET_TITLE_2' => 'Börse'];
        self::assertStringStartsWith('confirmed: ', $this->house->module->getContent());
        self::assertSame('Börse', $this->house->parts->config()->title('wallet', 1, 2));
        self::assertSame('Wallet', $this->house->parts->config()->title('wallet', 1, 1));
    }

    public function testSettingsThatAreStoredLetRefusedCurrenciesBeTriedAgain()
    {
        $config = $this->house->parts->config();
        $config->rememberRefusal('wallet', 'CHF', 1);
        $config->rememberRefusal('card', 'CHF', 1);
        self::assertSame([true, true], [$config->isRefused('wallet', 'CHF', 1), $config->isRefused('card', 'CHF', 1)]);
        $this->take([]);
        self::assertFalse($config->isRefused('wallet', 'CHF', 1));
    }

    public function testLimitMayHaveAComma()
    {
        self::assertSame([], $this->take(['MIN' => '1,50']));
        self::assertSame('1.50', $this->house->parts->config()->limit('MIN', 1));
    }

    public function testWrongFormKeepsWhatWasTypedAndNoSecrets()
    {
        \Tools::$values = ['MINUTES' => 'ten', 'API_KEY' => 'sk_typed_0123456789'] + self::TYPED + [SettingsForm::SUBMIT => '1'];
        $page = $this->house->module->getContent();
        self::assertStringContainsString('"MINUTES":"ten"', $page);
        self::assertStringNotContainsString('sk_typed', $page);
    }

    public function testTestButtonWithoutAnAnswerSaysWhy()
    {
        $this->house->set('URL', '');
        \Tools::$values = [SettingsForm::TEST => '1'];
        \Configuration::$values['PAYMENTBRIDGE_URL'] = 'https://127.0.0.1:1';
        $real = new \PaymentBridge\PrestaShop\Clients($this->house->parts->config());
        $said = (new \PaymentBridge\PrestaShop\Connection($real, $this->house->module))->test(1);
        self::assertFalse($said[0]);
        self::assertStringNotContainsString(self::KEY, $said[1]);
    }

    public function testCareIsDueOnceInAWhile()
    {
        $config = $this->house->parts->config();
        self::assertSame([true, false, true], [$config->isTimeForCare(1000, 300), $config->isTimeForCare(1200, 300), $config->isTimeForCare(1301, 300)]);
    }

    public function testLogNeverHoldsASecretOrAnAddress()
    {
        $this->house->parts->log()->note('failed with Bearer sk_live_0123456789', ['api_key' => 'sk_live_0123456789', 'why' => 'jane@example.com']);
        self::assertStringNotContainsString('sk_live_0123456789', \PrestaShopLogger::$lines[0]);
        self::assertStringNotContainsString('jane@', \PrestaShopLogger::$lines[0]);
    }

    public function testEveryTextIsThereInGerman()
    {
        global $_MODULE;
        include self::MODULE . 'translations/de.php';
        $missing = [];
        foreach ($this->texts() as list($source, $text)) {
            $key = '<{paymentbridge}prestashop>' . $source . '_' . md5($text);
            if (!isset($_MODULE[$key])) {
                $missing[] = "\$_MODULE['$key'] = ''; // $text";
            }
        }
        self::assertSame('', implode("\n", $missing));
        self::assertCount(count($this->texts()), $_MODULE, 'a translation that nothing uses');
    }

    public function testNoTextHasALetterThatPrestaShopWouldEscape()
    {
        foreach ($this->texts() as list($source, $text)) {
            self::assertDoesNotMatchRegularExpression('/["&<>\'\\\\]/', $text, $source);
        }
    }

    public function testTemplatesEscapeWhateverTheyShow()
    {
        foreach ($this->files('tpl') as $path => $text) {
            preg_match_all('/\{(\$[^}]*)\}/', $text, $shown);
            foreach ($shown[1] as $expression) {
                self::assertMatchesRegularExpression("/\\|(escape:'html':'UTF-8'|intval)$/", $expression, "$path: $expression");
            }
            self::assertStringNotContainsString('nofilter', $text, $path);
        }
    }

    public function testTemplatesKnowNoSecrets()
    {
        foreach ($this->files('tpl|js') as $path => $text) {
            self::assertDoesNotMatchRegularExpression('/api_?key|secret_?key|notification_?secret/i', $text, $path);
        }
    }

    public function testNothingIsCalledThatMustNotBe()
    {
        foreach ($this->files('php') as $path => $text) {
            self::assertDoesNotMatchRegularExpression('/\b(eval|unserialize|serialize|extract|floatval|round)\(|\(float\)|\$_GET|\$_POST|\$_REQUEST/', $text, $path);
        }
    }

    public function testEveryFileThatIsNoClassOfOursRefusesToBeCalledAlone()
    {
        foreach ($this->files('php') as $path => $text) {
            if (preg_match('#^(controllers|upgrade)/|^paymentbridge\.php$#', $path)) {
                self::assertStringContainsString("if (!defined('_PS_VERSION_')) {\n    exit;\n}", $text, $path);
            }
        }
    }

    private function take(array $typed)
    {
        $titles = ['WALLET_TITLE' => [1 => 'W', 2 => 'W'], 'CARD_TITLE' => [1 => 'C', 2 => 'C']];
        return $this->house->parts->settingsInput()->take($typed + self::TYPED + $titles);
    }

    private function texts()
    {
        $texts = [];
        foreach ($this->files('php|tpl') as $path => $content) {
            $source = substr($path, -4) === '.tpl' ? basename($path, '.tpl') : null;
            $pattern = $source === null ? "/->l\\('([^']*)'(?:, '([a-z]+)')?\\)/" : "/\\{l s='([^']*)'[^}]* mod='paymentbridge'\\}/";
            preg_match_all($pattern, $content, $found, PREG_SET_ORDER);
            foreach ($found as $one) {
                $name = $source ?? strtolower(basename($path, '.php'));
                self::assertSame($name, $source ?? $one[2] ?? 'paymentbridge', "the file's name is PrestaShop's key: $path");
                $texts[$name . $one[1]] = [$name, $one[1]];
            }
        }
        return array_values($texts);
    }

    private function files($endings)
    {
        $files = [];
        foreach (new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator(self::MODULE)) as $file) {
            $path = substr($file->getPathname(), strlen(self::MODULE));
            if (preg_match("/\\.($endings)$/", $path) && strpos($path, 'translations/') !== 0) {
                $files[$path] = file_get_contents($file->getPathname());
            }
        }
        return $files;
    }
}
