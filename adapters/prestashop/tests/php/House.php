<?php

namespace PaymentBridge\PrestaShop\Tests;

use PaymentBridge\Core\Client;
use PaymentBridge\Core\Signature;
use PaymentBridge\Core\Tests\PaperBridge;
use PaymentBridge\PrestaShop\Clients;
use PaymentBridge\PrestaShop\Database;
use PaymentBridge\PrestaShop\Parts;
use PaymentBridge\PrestaShop\PlacedOrder;
use PaymentBridge\PrestaShop\Schema;

/**
 * A shop with the module's real classes and real SQL, orders in a database in memory, and a bridge on paper.
 */
final class House
{
    public const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    public const WAITING = 20;
    public const PAID = 2;
    public const CANCELED = 6;
    public const REFUNDED = 7;
    public const ERROR = 8;
    public const BACKORDER = 12;

    private const TABLES = [
        'orders' => 'id_order INTEGER PRIMARY KEY AUTOINCREMENT, reference, id_shop, id_cart, id_customer, id_lang, id_currency, secure_key,
            module, total_paid, payment, current_state, date_add, id_address_delivery, total_discounts_tax_incl DEFAULT 0,
            total_discounts_tax_excl DEFAULT 0, total_shipping_tax_incl DEFAULT \'4.990000\'',
        'order_history' => 'id_order_history INTEGER PRIMARY KEY AUTOINCREMENT, id_order, id_order_state',
        'order_state' => 'id_order_state INTEGER PRIMARY KEY AUTOINCREMENT, paid DEFAULT 0, deleted DEFAULT 0, module_name',
        'order_payment' => 'id_order_payment INTEGER PRIMARY KEY AUTOINCREMENT, order_reference, amount, payment_method, transaction_id, id_currency',
        'order_cart_rule' => 'id_order_cart_rule INTEGER PRIMARY KEY AUTOINCREMENT, id_order, id_cart_rule, deleted DEFAULT 0',
        'order_slip' => 'id_order_slip INTEGER PRIMARY KEY AUTOINCREMENT, id_order, order_slip_type DEFAULT 0, amount DEFAULT 0,
            total_products_tax_incl DEFAULT 0, total_products_tax_excl DEFAULT 0, total_shipping_tax_incl DEFAULT 0, date_add',
        'order_slip_detail' => 'id_order_slip, total_price_tax_incl, total_price_tax_excl',
        'group' => 'id_group INTEGER PRIMARY KEY, price_display_method',
        'cart_rule' => 'id_cart_rule INTEGER PRIMARY KEY AUTOINCREMENT, code DEFAULT \'\', quantity, quantity_per_user DEFAULT 1,
            partial_use DEFAULT 0, active DEFAULT 1, id_customer DEFAULT 0',
        'currency' => 'id_currency INTEGER PRIMARY KEY, iso_code',
        'customer' => 'id_customer INTEGER PRIMARY KEY, is_guest, secure_key, id_default_group DEFAULT 3',
        'cart' => 'id_cart INTEGER PRIMARY KEY AUTOINCREMENT, id_customer, id_shop DEFAULT 1, id_lang DEFAULT 2, id_currency DEFAULT 1, total,
            id_address_delivery DEFAULT 3, id_address_invoice DEFAULT 3',
        'tab' => 'id_tab INTEGER PRIMARY KEY AUTOINCREMENT, class_name',
    ];

    /** @var \Db */
    public $db;

    /** @var \PaymentBridge */
    public $module;

    /** @var Parts */
    public $parts;

    /** @var \Context */
    public $context;

    /** @var PaperBridge[] by API key */
    public $bridges = [];

    public function __construct()
    {
        $this->forgetOthers();
        $this->db = \Db::$instance = new \Db();
        foreach (self::TABLES as $name => $columns) {
            $this->db->run("CREATE TABLE `ps_$name` ($columns)");
        }
        (new Schema(new Database()))->create();
        $this->fill();
        $this->context = \Context::$instance = $this->newContext();
        \Configuration::$values = $this->settings();
        \Module::$instance = $this->module = new \PaymentBridge();
        $this->parts = $this->module->parts();
        $this->replaceClients();
    }

    /** Store a setting for one shop. */
    public function set($name, $value, $shop = 1)
    {
        \Configuration::$values["PAYMENTBRIDGE_$name@$shop"] = $value;
    }

    /** Fill a cart of a customer, and make it the session's. */
    public function cart($total = '49.99', $currency = 1, $customer = 5, $shop = 1)
    {
        $id = $this->db->put('cart', ['id_customer' => $customer, 'total' => $total, 'id_currency' => $currency, 'id_shop' => $shop]);
        \Cart::$products[$id] = 1;
        $this->context->customer = new \Customer($customer);
        return $this->context->cart = new \Cart($id);
    }

    /** An order that waits for its money. */
    public function order($total = '49.990000', $currency = 1, array $change = [])
    {
        $cart = $change['id_cart'] ?? $this->db->put('cart', ['id_customer' => 5, 'total' => $total, 'id_currency' => $currency]);
        \Cart::$products[$cart] = 1;
        $orderId = $this->db->put('orders', $change + ['reference' => "REFOF$cart", 'id_shop' => 1, 'id_cart' => $cart,
            'id_customer' => 5, 'id_lang' => 2, 'id_currency' => $currency, 'secure_key' => 'secret-key-of-5', 'module' => 'paymentbridge',
            'total_paid' => $total, 'current_state' => self::WAITING, 'date_add' => date('Y-m-d H:i:s')]);
        return $this->placed($orderId);
    }

    public function placed($orderId): PlacedOrder
    {
        return $this->parts->orders()->with($orderId);
    }

    /** Store an attempt for an order as if it had been asked for. */
    public function attempt(PlacedOrder $placed, array $change = [])
    {
        return $this->parts->tables()->addAttempt($change + ['order_id' => $placed->id(), 'order_reference' => $placed->reference(),
            'store_id' => $placed->shop(), 'attempt' => 1, 'payment_id' => 'pay_1', 'token' => self::token(1), 'idempotency_key' => 'key-1',
            'body' => '{"method":"wallet"}', 'amount' => $placed->amount(), 'currency' => $placed->currency(),
            'checkout_token' => 'chk_1', 'checkout_url' => 'https://bridge.example/checkout/chk_1']);
    }

    public static function token($number)
    {
        return str_pad((string) $number, 64, 'a', STR_PAD_LEFT);
    }

    public function bridge($apiKey = 'sk_shop_1_key')
    {
        return $this->bridges[$apiKey] = $this->bridges[$apiKey] ?? new PaperBridge('https://bridge.example', $apiKey);
    }

    /** What the bridge says of a payment from now on. */
    public function bridgeSays(array $change, $id = 'pay_1')
    {
        $attempt = $this->parts->tables()->attemptByPayment($id) ?? $this->parts->tables()->latestAttempt(1);
        $known = $this->bridge()->payments[$id] ?? ['id' => $id, 'order_reference' => 'REFOF1', 'amount' => 4999, 'currency' => 'EUR',
            'metadata' => ['attempt' => $attempt['token']]] + PaperBridge::blank();
        $this->bridge()->has($change + ['sequence' => $known['sequence'] + 1] + $known);
    }

    public function paidPayment(PlacedOrder $placed)
    {
        $this->attempt($placed);
        $this->bridgeSays(['order_reference' => $placed->reference(), 'amount' => $placed->amount(), 'currency' => $placed->currency(),
            'status' => 'paid', 'amount_captured' => $placed->amount()]);
        $this->parts->payments()->refresh($this->parts->tables()->latestAttempt($placed->id()));
    }

    /** @return string[] states of an order, one after the other, as the history has them */
    public function history($orderId)
    {
        return array_map('intval', array_column($this->db->all("SELECT id_order_state FROM ps_order_history WHERE id_order = $orderId ORDER BY id_order_history"), 'id_order_state'));
    }

    /** @return string[] amounts that the shop has booked */
    public function booked()
    {
        return array_column($this->db->all('SELECT amount FROM ps_order_payment'), 'amount');
    }

    /** @return string[] */
    public function notes($orderId)
    {
        return array_column($this->parts->notes()->of($orderId), 'words');
    }

    public function creates()
    {
        return array_values(array_filter($this->bridge()->asked, static function ($one) {
            return $one[0] === 'create';
        }));
    }

    /** Open a page as the session's customer; returns where it leads, or the template that it shows. */
    public function open($controller, array $values = [], $verb = 'GET')
    {
        \Tools::$values = $values;
        $_SERVER['REQUEST_METHOD'] = $verb;
        try {
            $page = is_string($controller) ? new $controller() : $controller;
            $page->init();
            method_exists($page, 'postProcess') && $page->postProcess();
            $page->initContent();
            return $page->template;
        } catch (\Gone $gone) {
            return $gone->getMessage();
        }
    }

    /** Tell of a payment as the bridge has it; returns the status that is answered. */
    public function tell($paymentId = 'pay_1', $event = null)
    {
        $payment = $this->bridge()->payments[$paymentId];
        return $this->notify(json_encode(['id' => $event ?? 'evt_' . $paymentId . '_' . $payment['sequence'], 'type' => 'payment.paid',
            'sequence' => $payment['sequence'], 'data' => ['payment' => $payment]]));
    }

    /** Have the bridge post a notification; returns the status that is answered. */
    public function notify($body, $verb = 'POST', $age = 0, $secret = self::SECRET)
    {
        $at = (string) (time() - $age);
        list($_SERVER['HTTP_WEBHOOK_ID'], $_SERVER['HTTP_WEBHOOK_TIMESTAMP']) = ['evt_1', $at];
        $_SERVER['HTTP_WEBHOOK_SIGNATURE'] = Signature::sign($secret, 'evt_1', $at, $body);
        \SpokenInput::$body = $body;
        stream_wrapper_unregister('php');
        stream_wrapper_register('php', \SpokenInput::class);
        try {
            return $this->answer('Notification', [], $verb)[0];
        } finally {
            stream_wrapper_restore('php');
        }
    }

    /** What a page answers that ends with `exit`. */
    public function answer($page, array $values, $verb = 'GET')
    {
        $pages = [
            'Status' => new class extends \PaymentBridgeStatusModuleFrontController {
                protected function answer(int $status, string $state): void
                {
                    throw new \Gone($status . ' ' . $state);
                }
            },
            'Cron' => new class extends \PaymentBridgeCronModuleFrontController {
                protected function answer(int $status, string $words): void
                {
                    throw new \Gone($status . ' ' . $words);
                }
            },
            'Notification' => new class extends \PaymentBridgeNotificationModuleFrontController {
                protected function answer(int $status): void
                {
                    throw new \Gone($status . ' ');
                }
            },
        ];
        list($status, $words) = explode(' ', $this->open($pages[$page], $values, $verb), 2);
        return [(int) $status, $words];
    }

    private function forgetOthers()
    {
        \OrderHistory::$mails = \OrderHistory::$crash = \Mail::$sent = \PrestaShopLogger::$lines = \Cart::$products = \Tools::$values = [];
        \OrderHistory::$brokenInvoice = \Mail::$broken = null;
        \Shop::$context = [\Shop::CONTEXT_SHOP, 1];
        \Group::$isLoaded = false;
        \Access::$granted = true;
        \Cart::$isSoldOut = false;
        \Module::$allowed = [['name' => 'paymentbridge']];
    }

    private function fill()
    {
        foreach ([self::PAID => 1, 3 => 1, self::CANCELED => 0, self::REFUNDED => 0, self::ERROR => 0, self::BACKORDER => 0, self::WAITING => 0] as $id => $isPaid) {
            $this->db->put('order_state', ['id_order_state' => $id, 'paid' => $isPaid, 'deleted' => 0]);
        }
        foreach ([3 => 0, 4 => 1] as $id => $method) {
            $this->db->put('group', ['id_group' => $id, 'price_display_method' => $method]);
        }
        foreach ([1 => 'EUR', 2 => 'JPY', 3 => 'KWD'] as $id => $iso) {
            $this->db->put('currency', ['id_currency' => $id, 'iso_code' => $iso]);
        }
        foreach ([5 => 0, 6 => 0, 7 => 1] as $id => $isGuest) {
            $this->db->put('customer', ['id_customer' => $id, 'is_guest' => $isGuest, 'secure_key' => "secret-key-of-$id"]);
        }
    }

    private function newContext()
    {
        $context = new \Context();
        $context->shop = new \Shop(1);
        $context->cart = new \Cart();
        $context->customer = new \Customer(5);
        $context->language = new \Language(1);
        $context->cookie = new \Cookie();
        $context->link = new \Link();
        $context->smarty = new \Smarty();
        $context->controller = new class {
            public $php_self = '';

            public function getLanguages()
            {
                return [];
            }
        };
        return $context;
    }

    private function settings()
    {
        $encrypted = static function ($text) {
            return (new \PhpEncryption(''))->encrypt($text);
        };
        return ['PAYMENTBRIDGE_URL' => 'https://bridge.example', 'PAYMENTBRIDGE_API_KEY' => $encrypted('sk_shop_1_key'),
            'PAYMENTBRIDGE_SECRET' => $encrypted(self::SECRET), 'PAYMENTBRIDGE_MINUTES' => '30', 'PAYMENTBRIDGE_WALLET' => '1',
            'PAYMENTBRIDGE_OS_WAITING' => self::WAITING, 'PAYMENTBRIDGE_PAID_STATE' => self::PAID, 'PAYMENTBRIDGE_CRON' => 'cron-key',
            'PAYMENTBRIDGE_WALLET_TITLE' => [1 => 'Wallet', 2 => 'Geldbeutel'], 'PS_OS_PAYMENT' => self::PAID,
            'PS_OS_CANCELED' => self::CANCELED, 'PS_OS_REFUND' => self::REFUNDED, 'PS_OS_ERROR' => self::ERROR,
            'PS_OS_OUTOFSTOCK_UNPAID' => self::BACKORDER, 'PS_LANG_DEFAULT' => 1];
    }

    private function replaceClients()
    {
        $clients = new class ($this) extends Clients {
            private $house;

            public function __construct(House $house)
            {
                $this->house = $house;
            }

            public function ofShop(int $shop): Client
            {
                return $this->house->bridge($this->house->parts->config()->apiKey($shop));
            }
        };
        $made = new \ReflectionProperty(Parts::class, 'made');
        PHP_VERSION_ID < 80100 && $made->setAccessible(true); // needed no more, and deprecated since 8.5
        $made->setValue($this->parts, [Clients::class => $clients]);
    }
}
