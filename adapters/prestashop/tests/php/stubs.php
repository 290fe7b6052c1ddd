<?php

/*
 * The least that stands for PrestaShop where the module's own thoughts are tested: names, constants, and objects that
 * remember what they were told. What PrestaShop itself does with them was seen in a real shop, and is not shown here.
 */

// phpcs:disable PSR1 -- forty files of three lines would be read by nobody, and many names are PrestaShop's

namespace PrestaShop\PrestaShop\Core\Payment {
    class PaymentOption
    {
        public $told = [];

        public function __call($name, $arguments)
        {
            $this->told[substr($name, 3)] = $arguments[0];
            return $this;
        }
    }
}

namespace {
    define('_PS_VERSION_', '8.2.0');
    define('_DB_PREFIX_', 'ps_');
    define('_DB_NAME_', 'shop');
    define('_MYSQL_ENGINE_', 'InnoDB');
    define('_COOKIE_KEY_', 'cookie-key');
    define('_NEW_COOKIE_KEY_', 'new-cookie-key');
    define('_PS_MODULE_DIR_', __DIR__ . '/');
    define('_PS_MAIL_DIR_', '/mails/');

    function pSQL($text, $htmlOk = false)
    {
        return Db::getInstance()->escape($text, $htmlOk);
    }

    /** Where Tools::redirect leads; nothing runs after it. */
    class Gone extends Exception
    {
    }

    /** A row of one of PrestaShop's tables. Its columns are properties, which a stdClass may have without naming them. */
    class ObjectModel extends stdClass
    {
        public const TABLE = '';
        public const KEY = '';

        public $id;

        public function __construct($id = null, $language = null, $shop = null)
        {
            $rows = $id ? Db::getInstance()->all('SELECT * FROM ps_' . static::TABLE . ' WHERE ' . static::KEY . ' = ' . (int) $id) : [];
            foreach ($rows ? $rows[0] : [] as $name => $value) {
                $this->$name = $value;
            }
            $this->id = $rows ? (int) $id : null;
        }

        public function save(array $row)
        {
            $this->id = Db::getInstance()->put(static::TABLE, ($this->id ? [static::KEY => $this->id] : []) + $row);
            return true;
        }
    }

    class Order extends ObjectModel
    {
        public const TABLE = 'orders';
        public const KEY = 'id_order';

        public static $cleaned = 0;

        public static function cleanHistoryCache()
        {
            self::$cleaned++;
        }

        public function addOrderPayment($amount, $method = null, $transaction = null, $currency = null)
        {
            Db::getInstance()->put('order_payment', ['order_reference' => $this->reference, 'amount' => $amount,
                'payment_method' => $method, 'transaction_id' => $transaction, 'id_currency' => $currency->id]);
            return true;
        }
    }

    class OrderHistory
    {
        /** @var string[] */
        public static $mails = [];

        /** @var Throwable|null what making the invoice throws */
        public static $brokenInvoice;

        /** @var int[] states in which a crash comes after the order was changed */
        public static $crash = [];

        public $id;
        public $id_order;
        public $id_employee;

        private $state;

        public function __construct($id = null)
        {
            foreach ($id ? Db::getInstance()->all("SELECT * FROM ps_order_history WHERE id_order_history = $id") : [] as $row) {
                list($this->id, $this->id_order, $this->state) = [(int) $id, (int) $row['id_order'], (int) $row['id_order_state']];
            }
        }

        public function changeIdOrderState($state, $order, $useExistingPayment = false)
        {
            if (!$useExistingPayment) {
                throw new LogicException('PrestaShop would book the money a second time');
            }
            $id = is_object($order) ? $order->id : $order;
            $this->state = $state;
            Db::getInstance()->run("UPDATE ps_orders SET current_state = $state WHERE id_order = $id");
            if (in_array($state, self::$crash, true)) {
                throw new RuntimeException('crash');
            }
            Module::getInstanceByName('paymentbridge')->hookActionOrderStatusPostUpdate(
                ['newOrderStatus' => new OrderState($state), 'id_order' => $id]
            );
        }

        public function add($autodate = true)
        {
            $this->id = Db::getInstance()->put('order_history', ['id_order' => $this->id_order, 'id_order_state' => $this->state]);
            return true;
        }

        public function sendEmail($order, $variables = false)
        {
            if (self::$brokenInvoice !== null) {
                throw self::$brokenInvoice;
            }
            self::$mails[] = (int) $this->state . ' for ' . $order->id . ' in language ' . Context::getContext()->language->id;
            return true;
        }
    }

    class OrderState extends ObjectModel
    {
        public const TABLE = 'order_state';
        public const KEY = 'id_order_state';

        public $deleted = false;
        public $paid = false;

        public static function getOrderStates($language)
        {
            return Db::getInstance()->all('SELECT *, id_order_state AS name FROM ps_order_state');
        }

        public function add()
        {
            return $this->save(['paid' => 0, 'deleted' => 0, 'module_name' => $this->module_name]);
        }

        public function update()
        {
            return $this->save(['paid' => (int) $this->paid, 'deleted' => (int) $this->deleted, 'module_name' => $this->module_name]);
        }
    }

    class Cart extends ObjectModel
    {
        public const TABLE = 'cart';
        public const KEY = 'id_cart';
        public const BOTH = 3;

        public static $products = [];
        public static $isSoldOut = false;

        public $id_shop = 1;
        public $id_lang = 1;
        public $rules = [];

        public function getOrderTotal($withTaxes = true, $type = self::BOTH)
        {
            return (float) $this->total;
        }

        public function nbProducts()
        {
            return self::$products[$this->id] ?? 0;
        }

        public function checkQuantities()
        {
            return !self::$isSoldOut;
        }

        public function duplicate()
        {
            $copy = new self();
            $copy->save(['id_customer' => $this->id_customer, 'total' => $this->total, 'id_currency' => $this->id_currency]);
            self::$products[$copy->id] = self::$products[$this->id] ?? 0;
            return ['cart' => $copy, 'success' => true];
        }

        public function addCartRule($id)
        {
            $this->rules[] = $id;
            return true;
        }
    }

    class CartRule extends ObjectModel
    {
        public const TABLE = 'cart_rule';
        public const KEY = 'id_cart_rule';

        public static function autoAddToCart($context)
        {
        }

        public function checkValidity($context, $alreadyInCart = false, $displayError = true)
        {
            $used = (int) Db::getInstance()->one('SELECT COUNT(*) FROM ps_order_cart_rule WHERE deleted = 0 AND id_cart_rule = ' . $this->id);
            return $this->quantity > 0 && $this->active && $used < $this->quantity_per_user;
        }
    }

    class Customer extends ObjectModel
    {
        public const TABLE = 'customer';
        public const KEY = 'id_customer';

        public $logged = true;

        public function isLogged($withGuest = false)
        {
            return $this->logged && ($withGuest || !$this->is_guest);
        }
    }

    class Group
    {
        /** @var bool whether the group was loaded before in the same request: then PrestaShop has a text, and compares it with a number */
        public static $isLoaded = false;

        public static function getPriceDisplayMethod($id)
        {
            $method = Db::getInstance()->one('SELECT price_display_method FROM ps_group WHERE id_group = ' . (int) $id);
            return self::$isLoaded ? (string) $method : (int) $method;
        }
    }

    class Currency extends ObjectModel
    {
        public const TABLE = 'currency';
        public const KEY = 'id_currency';
    }

    class Language extends stdClass
    {
        public $id;
        public $locale;

        public function __construct($id)
        {
            $this->id = $id;
            $this->locale = $id === 2 ? 'de-DE' : 'en-US';
        }

        public static function getLanguages($active = true)
        {
            return [['id_lang' => '1', 'iso_code' => 'en'], ['id_lang' => '2', 'iso_code' => 'de']];
        }
    }

    class Address extends stdClass
    {
        public $id_country = 1;

        public function __construct($id)
        {
        }
    }

    class Country
    {
        public $id;

        public function __construct($id, $language)
        {
            $this->id = $id;
        }
    }

    class Shop
    {
        public const CONTEXT_SHOP = 1;
        public const CONTEXT_GROUP = 2;
        public const CONTEXT_ALL = 4;

        public static $context = [self::CONTEXT_SHOP, 1];
        public $id;

        public function __construct($id)
        {
            $this->id = $id;
        }

        public static function getShops($active, $group, $asIds)
        {
            return [1, 2];
        }

        public static function getGroupFromShop($shop)
        {
            return 10 + $shop;
        }

        public static function getContext()
        {
            return self::$context[0];
        }

        public static function getContextShopID()
        {
            return self::$context[1];
        }

        public static function getContextShopGroupID()
        {
            return self::$context[1];
        }

        public static function setContext($kind, $id = null)
        {
            self::$context = [$kind, $id];
        }

        public static function isFeatureActive()
        {
            return true;
        }
    }

    class Configuration
    {
        public static $values = [];

        public static function get($key, $language = null, $group = null, $shop = null)
        {
            $shop = $shop ?? Shop::$context[1];
            $value = self::$values["$key@$shop"] ?? self::$values[$key] ?? false;
            return is_array($value) && $language !== null ? ($value[$language] ?? false) : $value;
        }

        public static function getGlobalValue($key)
        {
            return self::$values[$key] ?? false;
        }

        public static function hasKey($key, $language = null)
        {
            return isset(self::$values[$key][$language]);
        }

        public static function updateValue($key, $value, $html = false, $group = null, $shop = null)
        {
            $shop = $shop ?? (Shop::$context[0] === Shop::CONTEXT_SHOP ? Shop::$context[1] : null);
            self::$values[$key . ($shop === null ? '' : '@' . $shop)] = $value;
        }

        public static function updateGlobalValue($key, $value)
        {
            self::$values[$key] = $value;
        }

        public static function deleteByName($key)
        {
            foreach (array_keys(self::$values) as $name) {
                if (preg_replace('/@.*/', '', $name) === $key) {
                    unset(self::$values[$name]);
                }
            }
        }
    }

    class Cookie extends stdClass
    {
        public $written = 0;
        public $disallowed = false;

        public function write()
        {
            $this->written++;
        }

        public function disallowWriting()
        {
            $this->disallowed = true;
        }
    }

    class Link
    {
        public function getModuleLink($module, $page, array $parameters = [], $ssl = null, $language = null, $shop = null)
        {
            $tail = $parameters ? '?' . http_build_query($parameters) : '';
            return 'https://shop' . ($shop > 1 ? $shop : '') . ".example/module/$module/$page$tail";
        }

        public function getPageLink($page, $ssl = null, $language = null, array $parameters = [])
        {
            return 'https://shop.example/' . $page . ($parameters ? '?' . http_build_query($parameters) : '');
        }

        public function getBaseLink($shop = null, $ssl = null)
        {
            return "https://shop$shop.example/";
        }

        public function getAdminLink($controller, $withToken = true, $route = [], $parameters = [])
        {
            return "https://shop.example/admin/$controller?" . http_build_query($parameters + ($withToken ? ['token' => 'admin'] : []));
        }
    }

    class Context
    {
        public static $instance;

        public $shop;
        public $cart;
        public $customer;
        public $currency;
        public $language;
        public $country;
        public $cookie;
        public $link;
        public $controller;
        public $employee;
        public $smarty;

        public static function getContext()
        {
            return self::$instance;
        }
    }

    class Smarty
    {
        public $assigned = [];

        public function assign($name, $value)
        {
            $this->assigned[$name] = $value;
        }
    }

    class Validate
    {
        public static function isLoadedObject($object)
        {
            return is_object($object) && $object->id > 0;
        }
    }

    class Tools
    {
        public static $values = [];

        public static function getValue($name, $otherwise = false)
        {
            return self::$values[$name] ?? $otherwise;
        }

        public static function isSubmit($name)
        {
            return isset(self::$values[$name]);
        }

        public static function getToken($page = true)
        {
            return 'token-of-' . Context::getContext()->customer->id;
        }

        public static function getAdminTokenLite($tab)
        {
            return 'admin-' . $tab;
        }

        public static function redirect($url)
        {
            throw new Gone($url);
        }

        public static function redirectAdmin($url)
        {
            throw new Gone($url);
        }
    }

    class Cache
    {
        public static function clean($key)
        {
        }
    }

    class PhpEncryption
    {
        public function __construct($key)
        {
        }

        public function encrypt($text)
        {
            return 'ENC:' . strrev($text);
        }

        public function decrypt($text)
        {
            if (strncmp($text, 'ENC:', 4) !== 0) {
                throw new Exception('not with this key');
            }
            return strrev(substr($text, 4));
        }
    }

    class PrestaShopLogger
    {
        public static $lines = [];

        public static function addLog($message, $severity = 1, $code = null, $type = null, $id = null, $allowDuplicate = false)
        {
            self::$lines[] = $severity . ' ' . $message;
        }
    }

    class Mail
    {
        public static $sent = [];

        /** @var Throwable|null what a hook on the mail throws */
        public static $broken;

        public static function send($language, $template, $subject, $variables, $to, $toName, $from = null, $fromName = null, $file = null, $mode = null, $path = null, $die = false, $shop = null)
        {
            $mail = ['idLang' => $language, 'template' => $template, 'subject' => $subject, 'templateVars' => $variables,
                'to' => $to, 'toName' => $toName, 'idShop' => $shop, 'fileAttachment' => $file];
            if (Module::getInstanceByName('paymentbridge')->hookActionEmailSendBefore($mail)) {
                if (self::$broken !== null) {
                    throw self::$broken;
                }
                self::$sent[] = $mail;
            }
        }
    }

    class Tab extends ObjectModel
    {
        public const TABLE = 'tab';
        public const KEY = 'id_tab';

        public static function getIdFromClassName($class)
        {
            return Db::getInstance()->one("SELECT id_tab FROM ps_tab WHERE class_name = '$class'");
        }

        public function add()
        {
            return $this->save(['class_name' => $this->class_name]);
        }

        public function delete()
        {
            Db::getInstance()->run('DELETE FROM ps_tab WHERE id_tab = ' . $this->id);
        }
    }

    class Access
    {
        public static $granted = true;

        public static function isGranted($role, $profile)
        {
            return self::$granted && $role === 'ROLE_MOD_TAB_ADMINORDERS_UPDATE';
        }
    }

    class Media
    {
        public static function getMediaPath($path)
        {
            return $path;
        }
    }

    class Module extends stdClass
    {
        public static $instance;
        public static $allowed = [['name' => 'paymentbridge']];

        public $id = 77;
        public $name;
        public $active = true;
        public $context;
        public $hooks = [];

        public function __construct()
        {
            $this->context = Context::getContext();
        }

        public static function getInstanceByName($name)
        {
            return self::$instance;
        }

        public static function getPaymentModules()
        {
            return self::$allowed;
        }

        public function l($text, $source = false)
        {
            return $text;
        }

        public function install()
        {
            return true;
        }

        public function uninstall()
        {
            return true;
        }

        public function registerHook(array $names)
        {
            $this->hooks = $names;
            return true;
        }

        public function display($file, $template)
        {
            return $template;
        }

        public function fetch($template)
        {
            return $template;
        }

        public function displayError($words)
        {
            return 'error: ' . $words;
        }

        public function displayConfirmation($words)
        {
            return 'confirmed: ' . $words;
        }
    }

    class PaymentModule extends Module
    {
        public $currencyIds = [1];
        public $placed = 0;
        public $refusesToPlace = false;

        public function getCurrency($id)
        {
            return array_map(static function ($one) {
                return ['id_currency' => $one];
            }, $this->currencyIds);
        }

        public function validateOrder($cartId, $state, $amount, $title, $message, $extra, $currency, $dontTouch, $secureKey)
        {
            if ($this->refusesToPlace || $secureKey !== $this->context->customer->secure_key) {
                return false;
            }
            $this->placed++;
            $cart = $this->context->cart = new Cart($cartId);
            $this->context->customer = new Customer($cart->id_customer);
            $this->context->customer->logged = false; // as PrestaShop does: the same customer, and a stranger
            $orderId = Db::getInstance()->put('orders', ['reference' => 'REFOF' . $cartId, 'id_shop' => $cart->id_shop,
                'id_cart' => $cartId, 'id_customer' => $cart->id_customer, 'id_lang' => $cart->id_lang, 'id_currency' => $currency,
                'secure_key' => $secureKey, 'module' => $this->name, 'total_paid' => number_format($amount, 6, '.', ''),
                'payment' => $title, 'current_state' => $state, 'date_add' => date('Y-m-d H:i:s')]);
            Db::getInstance()->put('order_history', ['id_order' => $orderId, 'id_order_state' => $state]);
            Mail::send(1, 'order_conf', 'Order confirmation', ['{id_order}' => $orderId, '{firstname}' => 'Erika'], 'erika@example.com', 'Erika', null, null, null, null, null, false, 1);
            return true;
        }
    }

    class FrontController extends stdClass
    {
        public $context;
        public $module;
        public $errors = [];
        public $warning = [];
        public $template;

        public function __construct()
        {
            $this->context = Context::getContext();
            $this->module = Module::getInstanceByName('paymentbridge');
        }

        public function init()
        {
        }

        public function initContent()
        {
        }

        public function setMedia()
        {
        }

        public function registerJavascript($id, $path, $place)
        {
        }

        public function setTemplate($template)
        {
            $this->template = $template;
        }

        public function redirectWithNotifications($url)
        {
            $this->context->cookie->notifications = array_merge($this->errors, $this->warning);
            throw new Gone($url);
        }

        protected function displayMaintenancePage()
        {
        }

        protected function displayRestrictedCountryPage()
        {
        }
    }

    class ModuleFrontController extends FrontController
    {
    }

    class ModuleAdminController extends FrontController
    {
    }

    class HelperForm extends stdClass
    {
        public static $fields;
        public $tpl_vars;

        public function generateForm(array $fields)
        {
            self::$fields = $fields;
            return json_encode([$fields, $this->tpl_vars], JSON_UNESCAPED_SLASHES);
        }
    }

    /** What php://input says. */
    class SpokenInput
    {
        public static $body = '';
        public $context;

        private $at = 0;

        public function stream_open()
        {
            return true;
        }

        public function stream_read($count)
        {
            $part = substr(self::$body, $this->at, $count);
            $this->at += strlen($part);
            return $part;
        }

        public function stream_eof()
        {
            return $this->at >= strlen(self::$body);
        }

        public function stream_stat()
        {
            return [];
        }
    }
}
