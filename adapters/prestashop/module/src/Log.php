<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\Redactor;

/**
 * The module's lines in Advanced Parameters > Logs: nothing gets into them that was not redacted.
 */
class Log
{
    public const NOTE = 1;
    public const ALERT = 3; // PrestaShop mails these to the merchant, where that is switched on

    /**
     * Write what a merchant or an operator should know.
     *
     * @param array<string, mixed> $context
     */
    public function note(string $message, array $context = [], int $severity = self::NOTE): void
    {
        $line = 'Payment bridge: ' . Redactor::text($message);
        $clean = Redactor::context($context);
        if ($clean) {
            $line .= ' ' . json_encode($clean, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
        }
        \PrestaShopLogger::addLog(strip_tags($line), $severity, null, 'Module', null, true);
    }
}
