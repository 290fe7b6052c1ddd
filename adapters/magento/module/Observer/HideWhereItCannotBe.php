<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Observer;

use Magento\Framework\Event\Observer;
use Magento\Framework\Event\ObserverInterface;
use PaymentBridge\Checkout\Model\Config;
use PaymentBridge\Checkout\Model\Refusals;

/**
 * Offers a method only where the connection is configured, and for carts in the currencies that the merchant chose
 * and the bridge has not refused.
 *
 * Magento's own validators cannot say either: it lists methods before they know their cart, and it asks for the
 * store's base currency, while the customer pays in the currency of the cart.
 */
class HideWhereItCannotBe implements ObserverInterface
{
    public function __construct(private Config $config, private Refusals $refusals)
    {
    }

    public function execute(Observer $observer): void
    {
        $method = (string) $observer->getData('method_instance')->getCode();
        if ($this->config->isOurs($method) && !$this->fits($method, $observer->getData('quote'))) {
            $observer->getData('result')->setData('is_available', false);
        }
    }

    private function fits(string $method, mixed $quote): bool
    {
        $store = $quote === null ? null : (int) $quote->getStoreId();
        if ($this->config->bridgeUrl($store) === '' || $this->config->apiKey($store) === '') {
            return false;
        }
        $currency = $quote === null ? null : $quote->getQuoteCurrencyCode();
        return $currency === null || ($this->config->takes($method, (string) $currency, $store)
            && !$this->refusals->has($method, (string) $currency, $store));
    }
}
