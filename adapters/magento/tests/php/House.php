<?php

namespace PaymentBridge\Checkout\Tests;

use Magento\Sales\Model\Order;
use PaymentBridge\Checkout\Model\Clients;
use PaymentBridge\Checkout\Model\Config;
use PaymentBridge\Checkout\Model\GivingUp;
use PaymentBridge\Checkout\Model\Log;
use PaymentBridge\Checkout\Model\Orders;
use PaymentBridge\Checkout\Model\Payments;
use PaymentBridge\Checkout\Model\Refusals;
use PaymentBridge\Checkout\Model\Shop;
use PaymentBridge\Checkout\Plugin\AskBeforeCanceling;
use PaymentBridge\Core\Client;
use PaymentBridge\Core\Tests\PaperBridge;

/**
 * A shop with the module's real classes, orders on paper, and a bridge on paper.
 */
final class House
{
    public const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    public const TOKEN = '0123456789abcdef';

    /** @var Order[] */
    public $paper = [];
    public $settings = [];
    public $saved = 0;
    public $coupons = 0; // given back
    public $mails = 0;
    public $alerts = [];
    public $logged = [];
    public $locks = [];
    public $busy = false;
    public $dies = null; // `invoice` or `mail`

    /** @var PaperTables */
    public $tables;

    /** @var PaperBridge[] by API key */
    public $bridges = [];

    public $config;
    public $log;
    public $orders;
    public $shop;
    public $clients;
    public $refusals;
    public $payments;

    public function __construct()
    {
        $this->settings = ['paymentbridge/connection/bridge_url' => 'https://bridge.example', 'general/locale/code' => 'de_DE',
            'paymentbridge/connection/api_key' => 'ENC:sk_store_1_key', 'paymentbridge/checkout/paid_status' => 'processing',
            'paymentbridge/connection/notification_secret' => 'ENC:' . self::SECRET,
            'paymentbridge/checkout/expire_minutes' => '30', 'payment/paymentbridge_wallet/order_status' => 'pending_payment'];
        $this->tables = new PaperTables();
        $this->config = new Config($this->scopeConfig(), $this->encryptor(), $this->stores());
        $this->log = new Log($this->logger());
        $this->orders = new Orders(
            $this->repositories(),
            $this->repositories(),
            $this->management(),
            $this->histories(),
            $this->mailer(),
            $this->notifier(),
            $this->config
        );
        $this->shop = new Shop($this->tables, $this->orders, $this->lockManager(), $this->config, $this->log);
        $this->clients = $this->paperClients();
        $this->refusals = new Refusals(new \Magento\Framework\FlagManager(), $this->config, $this->log);
        $this->payments = new Payments($this->tables, $this->orders, $this->shop, $this->clients, $this->config, $this->urls(), $this->refusals);
    }

    public function order($id = 123, $total = '49.9900', $currency = 'EUR', $store = 1)
    {
        $order = new Order();
        $payment = new Order\Payment();
        $payment->data = ['Id' => $id, 'Method' => 'paymentbridge_wallet', 'Order' => $order, 'AmountRefunded' => null,
            'AmountPaid' => $total, 'RefundTransactionId' => 'pay_1'];
        $order->data = ['Id' => $id, 'IncrementId' => sprintf('%09d', $id), 'StoreId' => $store, 'GrandTotal' => $total,
            'BaseGrandTotal' => $total, 'TotalDue' => $total, 'OrderCurrencyCode' => $currency, 'State' => 'pending_payment',
            'BaseCurrencyCode' => 'EUR', 'Payment' => $payment];
        return $this->paper[$id] = $order;
    }

    /** Store an attempt for an order as if it had been asked for. */
    public function attempt(Order $order, array $change = [])
    {
        return $this->tables->addAttempt($change + ['order_id' => $order->getId(), 'order_reference' => $order->getIncrementId(),
            'store_id' => $order->getStoreId(), 'attempt' => 1, 'payment_id' => 'pay_1', 'token' => self::TOKEN,
            'idempotency_key' => 'key-1', 'body' => '{}', 'amount' => 4999, 'currency' => 'EUR']);
    }

    public function bridge($apiKey = 'sk_store_1_key')
    {
        return $this->bridges[$apiKey] = $this->bridges[$apiKey] ?? new PaperBridge('https://bridge.example', $apiKey);
    }

    private function paperClients()
    {
        return new class ($this) extends Clients {
            private $house;

            public function __construct(House $house)
            {
                $this->house = $house;
            }

            public function ofStore(?int $store): Client
            {
                return $this->house->bridge($this->house->config->apiKey($store));
            }

            public function hurried(?int $store): Client
            {
                return $this->ofStore($store);
            }
        };
    }

    private function repositories()
    {
        return new class ($this) extends \Magento\Sales\Api\OrderRepositoryInterfaceFactory implements \Magento\Sales\Api\OrderRepositoryInterface {
            private $house;

            public function __construct(House $house)
            {
                $this->house = $house;
            }

            public function create()
            {
                return $this;
            }

            public function get($id)
            {
                if (!isset($this->house->paper[$id])) {
                    throw new \Magento\Framework\Exception\NoSuchEntityException(__('no such order'));
                }
                return $this->house->paper[$id];
            }

            public function save($order)
            {
                if ($this->house->dies === 'invoice') {
                    list($order->data['State'], $order->data['TotalDue']) = ['pending_payment', $order->data['GrandTotal']];
                    unset($order->data['invoices']); // what was never saved
                    throw new \TypeError('the invoice cannot be printed');
                }
                $this->house->saved++;
            }
        };
    }

    /** Magento's own service: the module's plugin around it, and its own of the coupons after it. */
    public function management()
    {
        return new class ($this) implements \Magento\Sales\Api\OrderManagementInterface {
            private $house;

            public function __construct(House $house)
            {
                $this->house = $house;
            }

            public function cancel($id)
            {
                return $this->house->plugin()->aroundCancel($this, function ($id) {
                    $order = $this->house->paper[$id];
                    if (!$order->canCancel()) {
                        return false;
                    }
                    $order->cancel();
                    $this->house->coupons++;
                    return true;
                }, $id);
            }
        };
    }

    /** Return the plugin as an area of Magento has it; `action` is the request's. */
    public function plugin($isOneAsked = false, $action = null)
    {
        $request = new \Magento\Framework\App\Request\Http();
        $request->data['ActionName'] = $action;
        return new AskBeforeCanceling($this->givingUp(), $request, $this->log, $isOneAsked);
    }

    public function givingUp()
    {
        return new GivingUp($this->orders, $this->tables, $this->payments, $this->log);
    }

    private function histories()
    {
        return new class implements \Magento\Sales\Api\OrderStatusHistoryRepositoryInterface {
            public function save($history)
            {
            }
        };
    }

    private function mailer()
    {
        return new class ($this) extends \Magento\Sales\Model\Order\Email\Sender\OrderSender {
            private $house;

            public function __construct(House $house)
            {
                $this->house = $house;
            }

            public function send($order)
            {
                if ($this->house->dies === 'mail') {
                    throw new \TypeError('the attachment cannot be printed');
                }
                $order->setEmailSent(1);
                $this->house->mails++;
            }
        };
    }

    private function notifier()
    {
        return new class ($this) implements \Magento\Framework\Notification\NotifierInterface {
            private $house;

            public function __construct(House $house)
            {
                $this->house = $house;
            }

            public function addMajor($title, $words)
            {
                $this->house->alerts[] = $words;
            }
        };
    }

    private function lockManager()
    {
        return new class ($this) implements \Magento\Framework\Lock\LockManagerInterface {
            private $house;

            public function __construct(House $house)
            {
                $this->house = $house;
            }

            public function lock(string $name, int $timeout = -1): bool
            {
                if ($this->house->busy || isset($this->house->locks[$name])) {
                    return false;
                }
                return $this->house->locks[$name] = true;
            }

            public function unlock(string $name): bool
            {
                unset($this->house->locks[$name]);
                return true;
            }
        };
    }

    private function scopeConfig()
    {
        return new class ($this) implements \Magento\Framework\App\Config\ScopeConfigInterface {
            private $house;

            public function __construct(House $house)
            {
                $this->house = $house;
            }

            public function getValue($path, $scope, $code)
            {
                $settings = $this->house->settings;
                return $settings[$path . '@' . $code] ?? $settings[$path] ?? null;
            }
        };
    }

    private function encryptor()
    {
        return new class implements \Magento\Framework\Encryption\EncryptorInterface {
            public function decrypt($text)
            {
                return substr($text, 4);
            }
        };
    }

    private function stores()
    {
        return new class implements \Magento\Store\Model\StoreManagerInterface {
            public function getStores()
            {
                return array_map([$this, 'store'], [1, 2]);
            }

            public function getStore()
            {
                return $this->store(1);
            }

            private function store($id)
            {
                $store = new \Anything();
                $store->data['Id'] = $id;
                return $store;
            }
        };
    }

    private function logger()
    {
        return new class ($this) implements \Psr\Log\LoggerInterface {
            private $house;

            public function __construct(House $house)
            {
                $this->house = $house;
            }

            public function notice($message, $context)
            {
                $this->house->logged[] = $message . json_encode($context);
            }
        };
    }

    private function urls()
    {
        return new class implements \Magento\Framework\UrlInterface {
            public function getUrl($path, $parameters)
            {
                return 'https://shop.example/' . $path . '/token/' . ($parameters['token'] ?? '') . '/';
            }
        };
    }
}
