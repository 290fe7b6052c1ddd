<?php

namespace PaymentBridge\Core;

/**
 * What the processor needs of a shop. All of it speaks of one order, under that order's lock.
 */
interface Shop
{
    /**
     * Take the lock of an order, waiting a few seconds; false if somebody else keeps it.
     *
     * @param string $orderReference
     * @return bool
     */
    public function lock($orderReference);

    /**
     * Give the lock back.
     *
     * @param string $orderReference
     */
    public function unlock($orderReference);

    /**
     * Tell whether this event was applied before. Read it from the database, not from memory.
     *
     * @param string $eventId
     * @return bool
     */
    public function isDone($eventId);

    /**
     * Return the facts that Decision::of() needs, read afresh from the database; null if the payment is not ours.
     *
     * A payment whose create answer was lost is found by its order reference. That it is really this attempt's is not
     * decided here: the facts have the attempt's `token`, which the payment must carry.
     *
     * @param string $paymentId
     * @param string $orderReference
     * @return array<string, mixed>|null
     */
    public function facts($paymentId, $orderReference);

    /**
     * Carry the decision out and remember payment, sequence and event, in one transaction.
     *
     * @param string $decision one of Decision's words
     * @param array<string, mixed> $payment as the API shows it
     * @param string|null $eventId null when nobody notified: return page, cron
     */
    public function apply($decision, array $payment, $eventId);

    /**
     * Do what is still to be done after a change and may fail without harm to the order, as mails: the lock is given back
     * and all is committed.
     *
     * It is called after every decision about a payment of this shop, `NOTHING` too, and again when an event is repeated:
     * so it looks at what is outstanding, and does nothing twice. What it throws is logged; where a notification was
     * taken, the bridge is asked to send it again.
     *
     * @param string $decision
     * @param array<string, mixed> $payment
     */
    public function afterwards($decision, array $payment);

    /**
     * Write a line to the shop's log.
     *
     * @param string $message
     * @param array<string, mixed> $context already redacted
     */
    public function log($message, array $context);
}
