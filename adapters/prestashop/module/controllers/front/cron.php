<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

use PaymentBridge\PrestaShop\Door;

/**
 * What a cron job calls, with the key from the configuration page: looks after orders of which nobody has heard.
 */
class PaymentBridgeCronModuleFrontController extends Door
{
    private const MOST = 50; // orders in one run

    public function postProcess(): void
    {
        $key = $this->module->parts()->config()->cronKey();
        if ($key === '' || !hash_equals($key, (string) Tools::getValue('key'))) {
            $this->answer(403, '');
            return;
        }
        $this->module->parts()->expiry()->run(self::MOST);
        $this->answer(200, "done\n");
    }

    protected function answer(int $status, string $words): void
    {
        http_response_code($status);
        header('Cache-Control: no-store');
        header('Content-Type: text/plain');
        echo $words;
        exit;
    }
}
