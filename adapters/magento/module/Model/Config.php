<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Framework\App\Config\ScopeConfigInterface;
use Magento\Framework\Encryption\EncryptorInterface;
use Magento\Store\Model\ScopeInterface;
use Magento\Store\Model\StoreManagerInterface;

/**
 * What the merchant has set, read for the order's store: notifications, cron and back office run in other stores.
 */
class Config
{
    public const VERSION = '0.1.0';
    public const METHODS = ['paymentbridge_wallet' => 'wallet', 'paymentbridge_card' => 'card']; // code: the API's name
    private const SECRETS = ['notification_secret', 'notification_secret_next'];

    public function __construct(
        private ScopeConfigInterface $config,
        private EncryptorInterface $encryptor,
        private StoreManagerInterface $stores
    ) {
    }

    /**
     * Tell whether a payment method is one of this module's.
     */
    public function isOurs(?string $code): bool
    {
        return isset(self::METHODS[(string) $code]);
    }

    public function bridgeUrl(?int $store): string
    {
        return rtrim((string) $this->value('connection/bridge_url', $store), '/');
    }

    public function apiKey(?int $store): string
    {
        return $this->secret('connection/api_key', $store);
    }

    /**
     * Return a name for the account that a store has at the bridge, which says nothing about its key.
     */
    public function account(?int $store): string
    {
        return substr(hash('sha256', $this->bridgeUrl($store) . ' ' . $this->apiKey($store)), 0, 16);
    }

    /**
     * Return the notification secrets of all stores: which store a notification is about is known only afterwards.
     *
     * @return string[]
     */
    public function notificationSecrets(): array
    {
        $secrets = [];
        foreach ($this->stores->getStores() as $store) {
            foreach (self::SECRETS as $name) {
                $secrets[] = $this->secret('connection/' . $name, (int) $store->getId());
            }
        }
        return array_values(array_unique(array_filter($secrets)));
    }

    public function showsWidget(?int $store): bool
    {
        return $this->value('checkout/display', $store) !== 'redirect';
    }

    /**
     * Return the time to pay, in seconds.
     */
    public function expiresIn(?int $store): int
    {
        return 60 * max(5, min(400, (int) $this->value('checkout/expire_minutes', $store)));
    }

    public function mailsWhenPlaced(?int $store): bool
    {
        return $this->value('checkout/mail_when', $store) === 'placed';
    }

    public function paidStatus(?int $store): string
    {
        return (string) $this->value('checkout/paid_status', $store);
    }

    /**
     * Tell whether a method takes a currency: those that the merchant has chosen, or all if none is chosen.
     */
    public function takes(string $method, string $currency, ?int $store): bool
    {
        $path = 'payment/' . $method . '/allowed_currencies';
        $chosen = (string) $this->config->getValue($path, ScopeInterface::SCOPE_STORE, $store);
        return $chosen === '' || in_array($currency, explode(',', $chosen), true);
    }

    public function newOrderStatus(string $method, ?int $store): string
    {
        $path = 'payment/' . $method . '/order_status';
        return (string) $this->config->getValue($path, ScopeInterface::SCOPE_STORE, $store);
    }

    /**
     * Return the locale of a store's customers, as de-DE.
     */
    public function locale(?int $store): string
    {
        $locale = $this->config->getValue('general/locale/code', ScopeInterface::SCOPE_STORE, $store);
        return str_replace('_', '-', (string) $locale);
    }

    private function secret(string $path, ?int $store): string
    {
        $stored = (string) $this->value($path, $store);
        return $stored === '' ? '' : trim((string) $this->encryptor->decrypt($stored));
    }

    private function value(string $path, ?int $store): mixed
    {
        return $this->config->getValue('paymentbridge/' . $path, ScopeInterface::SCOPE_STORE, $store);
    }
}
