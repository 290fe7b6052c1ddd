<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use PaymentBridge\Core\Redactor;
use Psr\Log\LoggerInterface;

/**
 * The module's log, var/log/paymentbridge.log: nothing gets into it that was not redacted.
 */
class Log
{
    public function __construct(private LoggerInterface $logger)
    {
    }

    /**
     * Write what a merchant or an operator should know.
     */
    public function note(string $message, array $context = []): void
    {
        $this->logger->notice(Redactor::text($message), Redactor::context($context));
    }
}
