<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\BridgeException;
use PaymentBridge\Core\Client;

/**
 * Makes the client of a shop: every shop may have an account of its own.
 */
class Clients
{
    /** @var Config */
    private $config;

    public function __construct(Config $config)
    {
        $this->config = $config;
    }

    /**
     * Return the bridge as this shop calls it; throws BridgeException where it is not configured.
     */
    public function ofShop(int $shop): Client
    {
        $agent = 'PrestaShop/' . _PS_VERSION_ . ' payment-bridge/' . Config::VERSION;
        try {
            return new Client($this->config->bridgeUrl($shop), $this->config->apiKey($shop), $agent);
        } catch (\InvalidArgumentException $wrong) {
            throw new BridgeException($wrong->getMessage(), 0, $wrong);
        }
    }
}
