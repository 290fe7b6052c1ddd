<?php

namespace PaymentBridge\PrestaShop;

/**
 * Looks after orders of which nobody has heard: the bridge is asked, and only what it says is over is canceled.
 */
class Expiry
{
    private const QUIET = 10; // minutes without news

    /** @var Tables */
    private $tables;

    /** @var Orders */
    private $orders;

    /** @var Payments */
    private $payments;

    /** @var Mailing */
    private $mailing;

    public function __construct(Tables $tables, Orders $orders, Payments $payments, Mailing $mailing)
    {
        $this->mailing = $mailing;
        $this->tables = $tables;
        $this->orders = $orders;
        $this->payments = $payments;
    }

    /**
     * Look after so many orders at most; whoever has waited longest is first.
     */
    public function run(int $most): void
    {
        $this->payments->lookAfter($this->quiet($most), [$this->payments, 'refresh']);
        // An order of which the bridge has never heard waits for a customer who is on the way, or gone.
        $this->payments->lookAfter($this->orders->neverAsked(6 * self::QUIET, $most), function ($orderId) {
            $this->payments->endNeverAsked((int) $orderId);
        });
        $this->payments->lookAfter($this->mailing->overdue(self::QUIET, $most), function ($orderId) {
            $placed = $this->orders->with((int) $orderId);
            if ($placed !== null) {
                $this->mailing->send($placed);
            }
        });
    }

    private function quiet(int $most): \Generator
    {
        foreach ($this->tables->quietAttempts(self::QUIET, $most) as $attempt) {
            yield $attempt;
            // Asked is asked, even if the bridge cannot answer for one of them.
            $this->tables->touchAttempt((int) $attempt['id']);
        }
    }
}
