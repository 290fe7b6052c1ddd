<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Csp\Api\PolicyCollectorInterface;
use Magento\Csp\Model\Policy\FetchPolicy;
use Magento\Store\Model\StoreManagerInterface;
use PaymentBridge\Core\Client;

/**
 * Lets the browser load the widget and frame the checkout from the configured bridge, and from nowhere else.
 */
class BridgePolicy implements PolicyCollectorInterface
{
    private const POLICIES = ['script-src', 'frame-src', 'connect-src', 'form-action'];

    public function __construct(private Config $config, private StoreManagerInterface $stores)
    {
    }

    public function collect(array $defaultPolicies = []): array
    {
        $origin = $this->origin();
        if ($origin === null) {
            return $defaultPolicies;
        }
        foreach (self::POLICIES as $id) {
            $defaultPolicies[] = new FetchPolicy($id, false, [$origin]);
        }
        return $defaultPolicies;
    }

    private function origin(): ?string
    {
        try {
            $part = parse_url(Client::address($this->config->bridgeUrl((int) $this->stores->getStore()->getId())));
        } catch (\InvalidArgumentException $notConfigured) {
            return null;
        }
        return $part['scheme'] . '://' . $part['host'] . (isset($part['port']) ? ':' . $part['port'] : '');
    }
}
