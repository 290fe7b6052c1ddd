<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Cron;

use PaymentBridge\Checkout\Model\Config;
use PaymentBridge\Checkout\Model\Payments;
use PaymentBridge\Checkout\Model\Tables;

/**
 * Looks after attempts of which nobody has heard: the bridge is asked, and only what it says is over is canceled.
 */
class Expire
{
    private const WAITING = ['created', 'pending', 'authorized'];
    private const QUIET = 10; // minutes without news
    private const MOST = 50; // attempts in one run

    public function __construct(
        private Tables $tables,
        private Payments $payments,
        private Config $config
    ) {
    }

    public function execute(): void
    {
        $this->payments->lookAfter($this->quiet(), fn (array $attempt) => $this->payments->refresh($attempt));
        $minutes = intdiv($this->config->expiresIn(null), 60) + self::QUIET;
        $neverAsked = $this->tables->ordersNeverAsked(array_keys(Config::METHODS), $minutes, self::MOST);
        $this->payments->lookAfter($neverAsked, fn ($orderId) => $this->payments->endNeverAsked((int) $orderId));
    }

    private function quiet(): \Generator
    {
        foreach ($this->tables->quietAttempts(self::WAITING, self::QUIET, self::MOST) as $attempt) {
            yield $attempt;
            // Asked is asked: whoever has waited longest is next, even if the bridge cannot answer for one of them.
            $this->tables->changeAttempt((int) $attempt['id'], ['updated_at' => gmdate('Y-m-d H:i:s')]);
        }
    }
}
