<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Framework\App\ProductMetadataInterface;
use PaymentBridge\Core\BridgeException;
use PaymentBridge\Core\Client;

/**
 * Makes the client of a store: every store may have an account of its own. How patient it is depends on who waits:
 * `etc/frontend/di.xml` and `etc/graphql/di.xml` are for customers, everything else is for cron and the back office.
 */
class Clients
{
    /**
     * @param float $deadline seconds for a whole call, repeats included
     */
    public function __construct(
        private Config $config,
        private ProductMetadataInterface $product,
        private float $deadline = Client::DEADLINE
    ) {
    }

    /**
     * Return the bridge as this store calls it; throws BridgeException where it is not configured.
     */
    public function ofStore(?int $store): Client
    {
        return $this->of($this->config->bridgeUrl($store), $this->config->apiKey($store));
    }

    /**
     * Return the same for a page that somebody waits for.
     */
    public function hurried(?int $store): Client
    {
        return (new self($this->config, $this->product, Client::SHORT))->ofStore($store);
    }

    /**
     * Return the bridge at an address, with a key; throws BridgeException where they cannot be.
     */
    public function of(string $url, string $apiKey): Client
    {
        $agent = 'Magento/' . $this->product->getVersion() . ' payment-bridge/' . Config::VERSION;
        try {
            return new Client($url, $apiKey, $agent, $this->deadline);
        } catch (\InvalidArgumentException $wrong) {
            throw new BridgeException($wrong->getMessage(), 0, $wrong);
        }
    }
}
