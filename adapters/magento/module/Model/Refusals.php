<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Framework\FlagManager;

/**
 * Currencies that the bridge has refused for a method, remembered until the settings are saved again: the customer
 * after the first is not led there.
 *
 * Kept by account, not by store: stores that share a key share its refusals, and a new key has none. Not in the
 * configuration, whose cache would have to go whenever a customer is refused.
 */
class Refusals
{
    private const FLAG = 'paymentbridge_refused_currencies';

    public function __construct(private FlagManager $flags, private Config $config, private Log $log)
    {
    }

    /**
     * Tell whether a store's account has been refused a currency for a method.
     */
    public function has(string $method, string $currency, ?int $store): bool
    {
        return in_array($this->name($method, $currency, $store), $this->all(), true);
    }

    public function add(string $method, string $currency, ?int $store): void
    {
        if (!$this->has($method, $currency, $store)) {
            $this->flags->saveFlag(self::FLAG, [...$this->all(), $this->name($method, $currency, $store)]);
            $why = ['method' => $method, 'currency' => $currency, 'store' => $store];
            $this->log->note('not offered any more, until the settings are saved', $why);
        }
    }

    /**
     * Forget all of them: the bridge may know more currencies by now.
     */
    public function forget(): void
    {
        if ($this->all() !== []) {
            $this->flags->saveFlag(self::FLAG, []);
        }
    }

    private function all(): array
    {
        return (array) ($this->flags->getFlagData(self::FLAG) ?? []);
    }

    private function name(string $method, string $currency, ?int $store): string
    {
        return implode(' ', [$this->config->account($store), $method, $currency]);
    }
}
