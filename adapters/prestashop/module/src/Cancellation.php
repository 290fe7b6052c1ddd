<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\BridgeException;
use PaymentBridge\Core\BusyException;
use PaymentBridge\Core\Decision;

/**
 * A merchant cancels an order that waits for its money: its payment is given up at the bridge.
 *
 * PrestaShop cannot be stopped here. If money has moved, or nobody can say, the order says so, and what comes of it is
 * told as for every order that is canceled.
 */
class Cancellation
{
    /** @var Tables */
    private $tables;

    /** @var Orders */
    private $orders;

    /** @var Payments */
    private $payments;

    /** @var Vouchers */
    private $vouchers;

    /** @var Notes */
    private $notes;

    /** @var Mailing */
    private $mailing;

    /** @var Log */
    private $log;

    public function __construct(
        Tables $tables,
        Orders $orders,
        Payments $payments,
        Vouchers $vouchers,
        Notes $notes,
        Mailing $mailing,
        Log $log
    ) {
        $this->tables = $tables;
        $this->orders = $orders;
        $this->payments = $payments;
        $this->vouchers = $vouchers;
        $this->notes = $notes;
        $this->mailing = $mailing;
        $this->log = $log;
    }

    /**
     * Give the payment of an order up, if the order is ours and its payment is not over. The other orders of its cart
     * have the same payment, and are canceled with it. Throws nothing: PrestaShop is in the middle of its own work.
     */
    public function follow(int $orderId): void
    {
        try {
            $placed = $this->orders->with($orderId);
            if ($placed !== null && $placed->isOurs() && $placed->state() === PlacedOrder::CANCELED) {
                $this->cancelAll($placed, $orderId);
                $this->giveUp($placed);
            }
        } catch (\Throwable $failure) {
            $context = ['order' => $orderId, 'why' => $failure->getMessage()];
            $this->log->note('an order was canceled, and its payment could not be given up', $context, Log::ALERT);
        }
    }

    private function cancelAll(PlacedOrder $placed, int $orderId): void
    {
        if (in_array($orderId, $placed->unpaid(), true)) {
            $this->vouchers->giveBack($orderId);
        }
        $this->orders->cancel($placed);
        $this->mailing->sendIfPossible($this->orders->with($orderId));
    }

    private function giveUp(PlacedOrder $placed): void
    {
        $attempt = $this->tables->latestAttempt($placed->id());
        if ($attempt === null || in_array($attempt['status'], Decision::OVER, true)) {
            return;
        }
        if ($this->payments->isGivenUp($attempt)) {
            $this->remember($attempt);
        } else {
            $this->notes->add($placed->id(), 'alert_canceled');
            $this->log->note('an order needs a look: alert_canceled', ['order' => $placed->reference()], Log::ALERT);
        }
    }

    /**
     * Have the attempt say that it is over; what the bridge knows of it may be more than that: it may be open at the provider.
     */
    private function remember(array $attempt): void
    {
        $this->tables->changeAttempt((int) $attempt['id'], ['status' => 'canceled']);
        try {
            $this->payments->refresh($this->tables->attemptByToken($attempt['token']));
        } catch (BridgeException | BusyException $silence) {
            $this->log->note('a payment could not be asked about', ['why' => $silence->getMessage()]);
        }
    }
}
