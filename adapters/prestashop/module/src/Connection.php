<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\BridgeException;

/**
 * The "test connection" button: who are we at the bridge, and does its test notification arrive here?
 *
 * It uses what is stored. So a stored key is never sent to an address that was only typed.
 */
class Connection
{
    /** @var Clients */
    private $clients;

    /** @var \Module */
    private $module;

    public function __construct(Clients $clients, \Module $module)
    {
        $this->clients = $clients;
        $this->module = $module;
    }

    /**
     * Return whether all is well, and words for the merchant.
     *
     * @return array{0: bool, 1: string}
     */
    public function test(int $shop): array
    {
        try {
            $client = $this->clients->ofShop($shop);
            $told = $client->shop();
            $isHeard = ($client->testNotification()['delivered'] ?? false) === true;
        } catch (BridgeException $failure) {
            return [false, $failure->getMessage()];
        }
        $words = $isHeard
            ? $this->module->l('Connected as %1 (%2). The test notification arrived.', 'connection')
            : $this->module->l('Connected as %1 (%2), but the test notification did not arrive.', 'connection');
        return [$isHeard, strtr($words, ['%1' => (string) ($told['shop'] ?? ''), '%2' => $this->modes($told['modes'] ?? [])])];
    }

    /**
     * Say of each method whether its money is real: "wallet: live; card: test mode, no real money".
     */
    private function modes(array $modes): string
    {
        $words = [];
        foreach ($modes as $method => $mode) {
            $isLive = $mode === 'live';
            $words[] = $method . ': ' . ($isLive
                ? $this->module->l('live', 'connection')
                : $this->module->l('test mode, no real money', 'connection'));
        }
        return implode('; ', $words);
    }
}
