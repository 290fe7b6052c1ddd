<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

use PaymentBridge\PrestaShop\Door;

/**
 * Where the bridge posts notifications. The signature is the guard; nothing but a status is ever answered.
 */
class PaymentBridgeNotificationModuleFrontController extends Door
{
    private const HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
    private const EVERY = 300; // seconds between two looks at quiet orders
    private const FEW = 2; // orders that are looked after in passing

    public function postProcess(): void
    {
        $this->answer($this->take());
    }

    protected function answer(int $status): void
    {
        http_response_code($status);
        header('Cache-Control: no-store');
        header('Content-Type: text/plain');
        if (function_exists('fastcgi_finish_request')) {
            fastcgi_finish_request();
        }
        $this->care($status);
        exit;
    }

    private function take(): int
    {
        $parts = $this->module->parts();
        try {
            $body = (string) file_get_contents('php://input');
            $secrets = $parts->config()->notificationSecrets();
            return $parts->payments()->processor()->take($_SERVER['REQUEST_METHOD'], $this->headers(), $body, $secrets, time());
        } catch (\Throwable $failure) {
            $parts->log()->note('a notification could not be applied', ['why' => $failure->getMessage()]);
            return 500;
        }
    }

    private function headers(): array
    {
        $headers = [];
        foreach (self::HEADERS as $name) {
            $key = 'HTTP_' . strtoupper(str_replace('-', '_', $name));
            $headers[$name] = isset($_SERVER[$key]) ? (string) $_SERVER[$key] : '';
        }
        return $headers;
    }

    /**
     * PrestaShop has no clock of its own: whoever proved to be the bridge lends it theirs.
     */
    private function care(int $status): void
    {
        try {
            if ($status === 204 && $this->module->parts()->config()->isTimeForCare(time(), self::EVERY)) {
                $this->module->parts()->expiry()->run(self::FEW);
            }
        } catch (\Throwable $failure) {
            $this->module->parts()->log()->note('quiet orders could not be looked after', ['why' => $failure->getMessage()]);
        }
    }
}
