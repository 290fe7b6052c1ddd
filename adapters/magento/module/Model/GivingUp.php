<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use PaymentBridge\Core\Decision;

/**
 * Has the payment of an order given up at the bridge, whoever wants the order canceled. Throws nothing: what goes wrong
 * here is no reason to stop whoever asks, and is logged.
 */
class GivingUp
{
    public function __construct(
        private Orders $orders,
        private Tables $tables,
        private Payments $payments,
        private Log $log
    ) {
    }

    /**
     * Tell whether an order may be canceled as far as its payment goes: it is none of ours, or it has surely come to
     * nothing by now.
     */
    public function isDone(int $orderId): bool
    {
        try {
            return $this->isDoneOrThrows($orderId);
        } catch (\Throwable $failure) {
            $this->log->note('a payment could not be given up', ['order' => $orderId, 'why' => $failure->getMessage()]);
            return false;
        }
    }

    private function isDoneOrThrows(int $orderId): bool
    {
        $attempt = $this->tables->latestAttempt($orderId);
        if ($attempt === null || in_array($attempt['status'], Decision::OVER, true)) {
            return true; // not ours, never asked, or over
        }
        if ($this->orders->state($this->orders->fresh($orderId)) !== 'open') {
            return true; // nothing that a cancel could do here is about a payment under way
        }
        $isGivenUp = $this->payments->isGivenUp($attempt);
        if ($isGivenUp) {
            $this->remember($orderId);
        }
        return $isGivenUp;
    }

    private function remember(int $orderId): void
    {
        $attempt = $this->tables->latestAttempt($orderId);
        // Until the bridge tells of it, a payment that was asked for counts as one that the customer can still accept.
        $isAskedFor = $attempt['payment_id'] !== null;
        $this->tables->changeAttempt((int) $attempt['id'], ['status' => 'canceled', 'provider_open' => (int) $isAskedFor]);
    }
}
