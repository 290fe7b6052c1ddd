<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Checkout\Model\ConfigProviderInterface;
use Magento\Framework\UrlInterface;

/**
 * What the checkout page's script needs: no secrets, and no question to the bridge, because it runs on every load.
 */
class ConfigProvider implements ConfigProviderInterface
{
    public function __construct(private UrlInterface $urls)
    {
    }

    public function getConfig(): array
    {
        $start = ['startUrl' => $this->urls->getUrl('paymentbridge/checkout/start', ['_secure' => true])];
        return ['payment' => array_fill_keys(array_keys(Config::METHODS), $start)];
    }
}
