<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\BridgeException;
use PaymentBridge\Core\Client;

/**
 * Makes the client of a shop: every shop may have an account of its own.
 */
class Clients
{
    public const PATIENCE = Client::SHORT; // seconds that a customer waits for a page, with all that the bridge is asked for it
    public const LEAST = 2; // seconds for a call, however long the others took

    /** @var Config */
    private $config;

    /** @var float|null the moment when the customer's patience ends; null where nobody waits */
    private $end;

    public function __construct(Config $config)
    {
        $this->config = $config;
    }

    /**
     * A customer waits from now on: all calls together take PATIENCE at most, and each of them LEAST.
     */
    public function hurry(): void
    {
        $this->end = $this->end ?? microtime(true) + self::PATIENCE;
    }

    /**
     * Return the bridge as this shop calls it; throws BridgeException where it is not configured.
     */
    public function ofShop(int $shop): Client
    {
        $agent = 'PrestaShop/' . _PS_VERSION_ . ' payment-bridge/' . Config::VERSION;
        $deadline = $this->end === null ? Client::DEADLINE : max(self::LEAST, $this->end - microtime(true));
        try {
            return new Client($this->config->bridgeUrl($shop), $this->config->apiKey($shop), $agent, $deadline);
        } catch (\InvalidArgumentException $wrong) {
            throw new BridgeException($wrong->getMessage(), 0, $wrong);
        }
    }
}
