<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\Decision;
use PaymentBridge\Core\Shop;

/**
 * A shop in memory, with one order and as many attempts as a test wants; keeps what was done to it.
 */
final class PaperShop implements Shop
{
    public $order = 'open';
    public $paidBy = null;
    public $attempts = [];
    public $done = [];
    public $applied = [];
    public $mails = 0;
    public $mailFails = false;
    public $dies = false;
    public $locked = false;
    public $refusesLock = false;
    public $log = [];

    public function attempt($paymentId, $token = DecisionTest::TOKEN, $reference = '100000123')
    {
        $this->attempts[$paymentId] = ['sequence' => 0, 'refunded' => 0, 'returned' => 0, 'amount' => 4999, 'currency' => 'EUR',
            'token' => $token, 'order_reference' => $reference];
    }

    public function lock($orderReference)
    {
        if ($this->refusesLock || $this->locked) {
            return false;
        }
        return $this->locked = true;
    }

    public function unlock($orderReference)
    {
        $this->locked = false;
    }

    public function isDone($eventId)
    {
        return isset($this->done[$eventId]);
    }

    public function facts($paymentId, $orderReference)
    {
        if (!isset($this->attempts[$paymentId])) {
            return null;
        }
        $ids = array_keys($this->attempts);
        return $this->attempts[$paymentId] + [
            'store' => 1,
            'order' => $this->order,
            'paid_by' => $this->paidBy,
            'latest' => end($ids) === $paymentId,
        ];
    }

    public function apply($decision, array $payment, $eventId)
    {
        if (!$this->locked) {
            throw new \LogicException('applied without the lock');
        }
        if ($this->dies) {
            throw new \TypeError('the invoice of customer@example.com cannot be printed');
        }
        $this->applied[] = $decision;
        $attempt = &$this->attempts[$payment['id']];
        $attempt['sequence'] = max($attempt['sequence'], $payment['sequence']);
        $attempt['refunded'] = max($attempt['refunded'], $payment['amount_refunded']);
        if ($decision === Decision::PAID) {
            list($this->order, $this->paidBy) = ['paid', $payment['id']];
        } elseif ($decision === Decision::CANCEL) {
            $this->order = 'canceled';
        }
        if ($eventId !== null) {
            $this->done[$eventId] = true;
        }
    }

    public function afterwards($decision, array $payment)
    {
        if ($this->locked) {
            throw new \LogicException('mails are sent without the lock');
        }
        if ($this->mailFails) {
            throw new \TypeError('no mail server for customer@example.com');
        }
        if ($this->order === 'paid' && $this->mails === 0) {
            $this->mails++;
        }
    }

    public function log($message, array $context)
    {
        $this->log[] = $message . ' ' . json_encode($context);
    }
}
