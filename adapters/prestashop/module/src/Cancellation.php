<?php

namespace PaymentBridge\PrestaShop;

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

    /** @var HeldMail */
    private $heldMail;

    /** @var Log */
    private $log;

    public function __construct(
        Tables $tables,
        Orders $orders,
        Payments $payments,
        Vouchers $vouchers,
        Notes $notes,
        HeldMail $heldMail,
        Log $log
    ) {
        $this->tables = $tables;
        $this->orders = $orders;
        $this->payments = $payments;
        $this->vouchers = $vouchers;
        $this->notes = $notes;
        $this->heldMail = $heldMail;
        $this->log = $log;
    }

    /**
     * Give the payment of an order up, if the order is ours and its payment is not over. The other orders of its cart
     * have the same payment, and are canceled with it.
     */
    public function follow(int $orderId): void
    {
        $placed = $this->orders->with($orderId);
        if ($placed === null || !$placed->isOurs() || $placed->state() !== PlacedOrder::CANCELED) {
            return;
        }
        $this->heldMail->drop($placed);
        if (in_array($orderId, $placed->unpaid(), true)) {
            $this->vouchers->giveBack($orderId);
        }
        $this->orders->cancel($placed);
        $this->orders->sendMails($placed);
        $attempt = $this->tables->latestAttempt($placed->id());
        if ($attempt === null || in_array($attempt['status'], Decision::OVER, true)) {
            return;
        }
        if ($this->payments->isGivenUp($attempt)) {
            $this->tables->changeAttempt((int) $attempt['id'], ['status' => 'canceled']);
        } else {
            $this->notes->add($placed->id(), 'alert_canceled');
            $this->log->note('an order needs a look: alert_canceled', ['order' => $placed->reference()], Log::ALERT);
        }
    }
}
