<?php

namespace PaymentBridge\PrestaShop;

/**
 * What the merchant has set, read for the order's shop: notifications, cron and back office run in other shops.
 */
class Config
{
    public const VERSION = '0.2.0';
    public const MODULE = 'paymentbridge';
    public const METHODS = ['wallet', 'card']; // the API's names
    public const SECRETS = ['API_KEY', 'SECRET', 'SECRET_NEXT'];
    public const DEFAULTS = [
        'URL' => '', 'DISPLAY' => 'widget', 'MINUTES' => '30', 'MAIL' => 'placed', 'REFUND_ON_SLIP' => '0',
        'WALLET' => '0', 'CARD' => '0', 'MIN' => '', 'MAX' => '',
    ];
    public const TITLES = [
        'de' => ['wallet' => 'Mit dem Wallet bezahlen', 'card' => 'Mit Karte bezahlen'],
        'en' => ['wallet' => 'Pay with your wallet', 'card' => 'Pay by card'],
    ];
    private const PREFIX = 'PAYMENTBRIDGE_';
    private const FORGOTTEN = ['API_KEY', 'SECRET', 'SECRET_NEXT', 'PAID_STATE', 'CRON', 'WALLET_TITLE', 'CARD_TITLE', 'LAST_CARE', 'REFUSED'];

    public function bridgeUrl(int $shop): string
    {
        return rtrim($this->value('URL', $shop), '/');
    }

    public function apiKey(int $shop): string
    {
        return $this->secret('API_KEY', $shop);
    }

    /**
     * Tell whether a secret is stored, and can be read with this shop's keys.
     */
    public function hasSecret(string $name, int $shop): bool
    {
        return $this->secret($name, $shop) !== '';
    }

    /**
     * Return the notification secrets of all shops: which shop a notification is about is known only afterwards.
     *
     * @return string[]
     */
    public function notificationSecrets(): array
    {
        $secrets = [];
        foreach (\Shop::getShops(false, null, true) as $shop) {
            $secrets[] = $this->secret('SECRET', (int) $shop);
            $secrets[] = $this->secret('SECRET_NEXT', (int) $shop);
        }
        return array_values(array_unique(array_filter($secrets)));
    }

    public function isConfigured(int $shop): bool
    {
        return $this->bridgeUrl($shop) !== '' && $this->apiKey($shop) !== '';
    }

    public function isOffered(string $method, int $shop): bool
    {
        return in_array($method, self::METHODS, true) && $this->value(strtoupper($method), $shop) === '1';
    }

    public function title(string $method, int $shop, int $language): string
    {
        $title = trim((string) \Configuration::get(
            self::PREFIX . strtoupper($method) . '_TITLE',
            $language,
            (int) \Shop::getGroupFromShop($shop),
            $shop
        ));
        return $title === '' ? self::TITLES['en'][$method] : $title;
    }

    public function showsWidget(int $shop): bool
    {
        return $this->value('DISPLAY', $shop) !== 'redirect';
    }

    /**
     * Return the time to pay, in seconds.
     */
    public function expiresIn(int $shop): int
    {
        return 60 * max(5, min(1440, (int) $this->value('MINUTES', $shop)));
    }

    public function mailsWhenPlaced(int $shop): bool
    {
        return $this->value('MAIL', $shop) !== 'paid';
    }

    public function refundsOnSlip(int $shop): bool
    {
        return $this->value('REFUND_ON_SLIP', $shop) === '1';
    }

    /**
     * Return the least or the most total for which the methods are offered, as decimal text; empty for none.
     */
    public function limit(string $name, int $shop): string
    {
        return $this->value($name, $shop);
    }

    public function paidState(int $shop): int
    {
        return (int) $this->value('PAID_STATE', $shop);
    }

    public function coreState(string $name): int
    {
        return (int) \Configuration::get('PS_OS_' . $name);
    }

    public function waitingState(): int
    {
        return (int) \Configuration::getGlobalValue(self::PREFIX . 'OS_WAITING');
    }

    public function rememberWaitingState(int $state): void
    {
        \Configuration::updateGlobalValue(self::PREFIX . 'OS_WAITING', $state);
    }

    /**
     * Return the key of the address that a cron job calls; made at the installation.
     */
    public function cronKey(): string
    {
        return (string) \Configuration::getGlobalValue(self::PREFIX . 'CRON');
    }

    /**
     * Tell, once in so many seconds, that it is time to look after quiet orders.
     */
    public function isTimeForCare(int $now, int $seconds): bool
    {
        if ((int) \Configuration::getGlobalValue(self::PREFIX . 'LAST_CARE') > $now - $seconds) {
            return false;
        }
        \Configuration::updateGlobalValue(self::PREFIX . 'LAST_CARE', $now);
        return true;
    }

    /**
     * Tell whether the bridge has refused a currency for a method since the settings were stored last.
     */
    public function isRefused(string $method, string $currency, int $shop): bool
    {
        return in_array($method . ' ' . $currency, explode(',', $this->value('REFUSED', $shop)), true);
    }

    public function rememberRefusal(string $method, string $currency, int $shop): void
    {
        if (!$this->isRefused($method, $currency, $shop)) {
            $all = ltrim($this->value('REFUSED', $shop) . ',' . $method . ' ' . $currency, ',');
            \Configuration::updateValue(self::PREFIX . 'REFUSED', $all, false, (int) \Shop::getGroupFromShop($shop), $shop);
        }
    }

    public function forgetRefusals(): void
    {
        \Configuration::deleteByName(self::PREFIX . 'REFUSED');
    }

    /**
     * Return a setting as the form of the back office shows it: of the shops that are chosen there.
     *
     * @return string|false
     */
    public function shown(string $name, ?int $language = null)
    {
        return \Configuration::get(self::PREFIX . $name, $language);
    }

    /**
     * Store a setting for the shops that are chosen in the back office.
     *
     * @param string|array<int, string> $value
     */
    public function store(string $name, $value): void
    {
        \Configuration::updateValue(self::PREFIX . $name, $value);
    }

    /**
     * Store a secret encrypted.
     */
    public function storeSecret(string $name, string $secret): void
    {
        $this->store($name, $this->cipher()->encrypt($secret));
    }

    /**
     * Set what is not set yet.
     */
    public function setDefaults(): void
    {
        $defaults = self::DEFAULTS + ['PAID_STATE' => (string) $this->coreState('PAYMENT')];
        foreach ($defaults as $name => $value) {
            if (\Configuration::getGlobalValue(self::PREFIX . $name) === false) {
                \Configuration::updateGlobalValue(self::PREFIX . $name, $value);
            }
        }
        foreach (self::METHODS as $method) {
            $name = self::PREFIX . strtoupper($method) . '_TITLE';
            if (!\Configuration::hasKey($name, (int) \Configuration::get('PS_LANG_DEFAULT'))) {
                \Configuration::updateGlobalValue($name, $this->titles($method));
            }
        }
        if ($this->cronKey() === '') {
            \Configuration::updateGlobalValue(self::PREFIX . 'CRON', bin2hex(random_bytes(16)));
        }
    }

    /**
     * Remove all settings but the state that old orders are in.
     */
    public function forget(): void
    {
        foreach (array_merge(array_keys(self::DEFAULTS), self::FORGOTTEN) as $name) {
            \Configuration::deleteByName(self::PREFIX . $name);
        }
    }

    private function titles(string $method): array
    {
        $titles = [];
        foreach (\Language::getLanguages(false) as $language) {
            $iso = strtolower((string) $language['iso_code']);
            $titles[(int) $language['id_lang']] = self::TITLES[$iso][$method] ?? self::TITLES['en'][$method];
        }
        return $titles;
    }

    private function secret(string $name, int $shop): string
    {
        $stored = $this->value($name, $shop);
        if ($stored === '') {
            return '';
        }
        try {
            $secret = $this->cipher()->decrypt($stored);
        } catch (\Exception $movedToAnotherShop) {
            return '';
        }
        return is_string($secret) ? trim($secret) : '';
    }

    private function cipher(): \PhpEncryption
    {
        return new \PhpEncryption(_NEW_COOKIE_KEY_);
    }

    private function value(string $name, int $shop): string
    {
        $value = \Configuration::get(self::PREFIX . $name, null, (int) \Shop::getGroupFromShop($shop), $shop);
        return is_scalar($value) ? (string) $value : '';
    }
}
