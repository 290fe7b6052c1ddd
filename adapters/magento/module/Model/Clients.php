<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Framework\App\ProductMetadataInterface;
use PaymentBridge\Core\BridgeException;
use PaymentBridge\Core\Client;

/**
 * Makes the client of a store: every store may have an account of its own.
 */
class Clients
{
    public function __construct(private Config $config, private ProductMetadataInterface $product)
    {
    }

    /**
     * Return the bridge as this store calls it; throws BridgeException where it is not configured.
     */
    public function ofStore(?int $store): Client
    {
        return $this->of($this->config->bridgeUrl($store), $this->config->apiKey($store));
    }

    /**
     * Return the bridge at an address, with a key; throws BridgeException where they cannot be.
     */
    public function of(string $url, string $apiKey): Client
    {
        $agent = 'Magento/' . $this->product->getVersion() . ' payment-bridge/' . Config::VERSION;
        try {
            return new Client($url, $apiKey, $agent);
        } catch (\InvalidArgumentException $wrong) {
            throw new BridgeException($wrong->getMessage(), 0, $wrong);
        }
    }
}
