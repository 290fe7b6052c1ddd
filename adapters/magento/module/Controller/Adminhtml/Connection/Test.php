<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Controller\Adminhtml\Connection;

use Magento\Backend\App\Action;
use Magento\Backend\App\Action\Context;
use Magento\Framework\App\Action\HttpPostActionInterface;
use Magento\Framework\Controller\Result\JsonFactory;
use Magento\Store\Model\StoreManagerInterface;
use PaymentBridge\Checkout\Model\Clients;
use PaymentBridge\Core\BridgeException;
use PaymentBridge\Core\Client;

/**
 * The "test connection" button: who are we at the bridge, and does its test notification arrive here?
 *
 * It uses what is stored. So a stored key is never sent to an address that was only typed.
 */
class Test extends Action implements HttpPostActionInterface
{
    public const ADMIN_RESOURCE = 'PaymentBridge_Checkout::config';

    public function __construct(
        Context $context,
        private JsonFactory $results,
        private Clients $clients,
        private StoreManagerInterface $stores
    ) {
        parent::__construct($context);
    }

    public function execute()
    {
        try {
            $words = $this->test($this->clients->ofStore($this->store()));
        } catch (BridgeException $failure) {
            $words = ['ok' => false, 'message' => $failure->getMessage()];
        }
        return $this->results->create()->setData($words);
    }

    private function test(Client $client): array
    {
        $shop = $client->shop();
        $test = $client->testNotification();
        $isHeard = ($test['delivered'] ?? false) === true;
        $modes = $this->modes($shop['modes'] ?? []);
        $words = $isHeard
            ? __('Connected as %1 (%2). The test notification arrived.', $shop['shop'] ?? '', $modes)
            : __('Connected as %1 (%2), but the test notification did not arrive.', $shop['shop'] ?? '', $modes);
        return ['ok' => $isHeard, 'message' => (string) $words];
    }

    /**
     * Say of each method whether its money is real: "wallet: live; card: test mode, no real money".
     */
    private function modes(array $modes): string
    {
        $words = [];
        foreach ($modes as $method => $mode) {
            $words[] = $method . ': ' . ($mode === 'live' ? __('live') : __('test mode, no real money'));
        }
        return implode('; ', $words);
    }

    private function store(): int
    {
        $store = (int) $this->getRequest()->getParam('store');
        $website = (int) $this->getRequest()->getParam('website');
        if ($store === 0 && $website !== 0) {
            $store = (int) $this->stores->getWebsite($website)->getDefaultStore()->getId();
        }
        return $store;
    }
}
