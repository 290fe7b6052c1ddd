<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\BridgeException;
use PaymentBridge\Core\BusyException;
use PaymentBridge\Core\RefundFailedException;
use PaymentBridge\Core\RefundGuard;
use PaymentBridge\Core\RefundUnknownException;
use PaymentBridge\Core\Row;

/**
 * Gives money back, part or all, once: what a refund is for is stored before the bridge hears of it, and named by what
 * the shop had refunded before. A refund whose outcome is unknown is asked for again, unchanged, before any other.
 */
class Refunds
{
    public const DONE = 'done';
    public const ON_ITS_WAY = 'on_its_way';
    public const ALREADY = 'already';
    public const CHANGED = 'changed';
    public const UNKNOWN = 'unknown';
    public const REFUSED = 'refused';
    public const ANOTHER_FIRST = 'another_first';
    public const BUSY = 'busy';
    public const NOTHING_PAID = 'nothing_paid';

    private const WAIT = 8; // seconds for the lock

    /** @var Tables */
    private $tables;

    /** @var Orders */
    private $orders;

    /** @var Locks */
    private $locks;

    /** @var Clients */
    private $clients;

    /** @var Mailing */
    private $mailing;

    /** @var Log */
    private $log;

    public function __construct(Tables $tables, Orders $orders, Locks $locks, Clients $clients, Mailing $mailing, Log $log)
    {
        $this->tables = $tables;
        $this->orders = $orders;
        $this->locks = $locks;
        $this->clients = $clients;
        $this->mailing = $mailing;
        $this->log = $log;
    }

    /**
     * Return the attempts that took money, by the ids of their payments: first the one that paid what was ordered, then
     * those whose money came late or a second time.
     *
     * @return array<string, array<string, mixed>>
     */
    public function paidAttempts(PlacedOrder $placed): array
    {
        $attempts = array_column($this->tables->attempts($placed->id()), null, 'payment_id');
        $paidBy = $this->orders->paidBy($placed, array_map('strval', array_keys($attempts)));
        $first = $paidBy === null ? [] : [$paidBy => $attempts[$paidBy]];
        return $first + array_filter($attempts, static function (array $attempt) {
            return $attempt['status'] === 'paid';
        });
    }

    /**
     * Return the refund of a payment whose outcome nobody knows, or null.
     *
     * @return array<string, mixed>|null
     */
    public function unknown(string $paymentId): ?array
    {
        foreach ($this->tables->refunds($paymentId) as $refund) {
            if ($refund['status'] === self::UNKNOWN) {
                return $refund;
            }
        }
        return null;
    }

    /**
     * Refund an amount in minor units; returns one of the words above, and what the merchant may read about it.
     *
     * @param int|null $seen what the merchant's page showed as refunded when they pressed the button: a form that is sent
     *                       twice is one refund, and a page that is out of date none
     * @param string $paymentId whose money goes back; empty for the one that paid what was ordered
     * @return array{0: string, 1: string}
     */
    public function refund(PlacedOrder $placed, int $amount, int $employee, ?int $seen = null, string $paymentId = ''): array
    {
        return $this->withPayment($placed, $paymentId, function (array $attempt) use ($amount, $employee, $seen) {
            $returned = $this->tables->returned($attempt['payment_id']);
            $reference = $this->reference($attempt, (string) ($seen ?? $returned), $amount);
            if ($seen !== null && $seen !== $returned && !$this->tables->hasRefund($reference)) {
                return [self::CHANGED, ''];
            }
            return $this->ask($attempt, $reference, $amount, $employee, 'refund by the merchant');
        });
    }

    /**
     * Refund an amount in minor units for a credit slip that is stored. A slip is refunded once, whatever amount is asked
     * for afterwards; one whose refund has failed may be refunded again. Returns as `refund` does.
     *
     * @return array{0: string, 1: string}
     */
    public function refundSlip(PlacedOrder $placed, int $slipId, int $amount, int $employee): array
    {
        return $this->withPayment($placed, '', function (array $attempt) use ($slipId, $amount, $employee) {
            $slip = $this->tables->slip($slipId);
            $reference = $this->reference($attempt, 'slip ' . $slipId, $amount);
            $isSent = $slip['reference'] !== null && $slip['refund_status'] !== 'failed';
            if ($slip['is_closed'] || ($isSent && $slip['reference'] !== $reference)) {
                return [self::CHANGED, ''];
            }
            $remember = function () use ($slipId, $reference) {
                $this->tables->changeSlip($slipId, ['reference' => $reference]);
            };
            return $this->ask($attempt, $reference, $amount, $employee, 'credit slip ' . $slipId, $remember);
        });
    }

    /**
     * Ask again for the refund whose outcome is unknown, with the same key and amount. Returns as `refund` does.
     *
     * @return array{0: string, 1: string}
     */
    public function again(PlacedOrder $placed, string $paymentId = ''): array
    {
        $attempt = $this->paidAttempt($placed, $paymentId);
        $unknown = $attempt === null ? null : $this->unknown($attempt['payment_id']);
        if ($unknown === null) {
            return [self::CHANGED, ''];
        }
        return $this->locked($placed, function () use ($attempt, $unknown) {
            $result = $this->send((int) $attempt['store_id'], $this->tables->refund((int) $unknown['id']));
            try {
                // The answer is the one that was lost; what became of it since then may have been told already.
                $this->refreshPending($attempt['payment_id'], (int) $attempt['store_id']);
            } catch (BridgeException $silence) {
                $this->log->note('a refund could not be asked about', ['payment' => $attempt['payment_id']]);
            }
            return $result;
        });
    }

    /**
     * Learn what became of refunds that the customer had still to take.
     */
    public function refreshPending(string $paymentId, int $shop): void
    {
        foreach ($this->tables->refunds($paymentId) as $refund) {
            if ($refund['status'] === 'pending') {
                $told = $this->clients->ofShop($shop)->oneRefund($refund['refund_id']);
                $this->remember($refund, $told['status']);
            }
        }
    }

    /**
     * Say on the orders that all of the money went back, once it surely has: a wallet may turn a refund down days later.
     */
    public function closeIfAllIsBack(PlacedOrder $placed): void
    {
        // An order that is canceled stays so: PrestaShop would take its goods from stock again.
        $attempt = $placed->state() === PlacedOrder::PAID ? $this->paidAttempt($placed, '') : null;
        if ($attempt !== null && $this->tables->surelyReturned($attempt['payment_id']) >= (int) $attempt['amount']) {
            $this->orders->closeRefunded($placed);
            $this->mailing->sendIfPossible($placed);
        }
    }

    private function withPayment(PlacedOrder $placed, string $paymentId, callable $work): array
    {
        $attempt = $this->paidAttempt($placed, $paymentId);
        return $attempt === null ? [self::NOTHING_PAID, ''] : $this->locked($placed, static function () use ($attempt, $work) {
            return $work($attempt);
        });
    }

    private function reference(array $attempt, string $before, int $amount): string
    {
        return RefundGuard::reference($attempt['order_reference'], $attempt['payment_id'], $before, $amount, $attempt['currency']);
    }

    private function ask(
        array $attempt,
        string $reference,
        int $amount,
        int $employee,
        string $reason,
        ?callable $whenStored = null
    ): array {
        $unknown = $this->unknown($attempt['payment_id']);
        if ($unknown !== null && $unknown['reference'] !== $reference) {
            return [self::ANOTHER_FIRST, Decimal::told((int) $unknown['amount'], $unknown['currency'])];
        }
        $refund = $this->tables->addRefund([
            'payment_id' => $attempt['payment_id'],
            'reference' => $reference,
            'reason' => $reason,
            'amount' => $amount,
            'currency' => $attempt['currency'],
            'employee_id' => $employee,
        ]);
        if ($whenStored !== null) {
            $whenStored();
        }
        return $this->send((int) $attempt['store_id'], $refund);
    }

    private function send(int $shop, array $refund): array
    {
        if ($refund['status'] === 'succeeded' || $refund['status'] === 'pending') {
            return [self::ALREADY, Decimal::told((int) $refund['amount'], $refund['currency'])];
        }
        $this->tables->changeRefund((int) $refund['id'], ['status' => self::UNKNOWN]);
        try {
            $guard = new RefundGuard($this->clients->ofShop($shop));
            $told = $guard->refund($refund['payment_id'], $refund['reference'], (int) $refund['amount'], $refund['reason']);
        } catch (RefundUnknownException $unknown) {
            $this->log->note('a refund has no answer yet', ['payment' => $refund['payment_id'], 'why' => $unknown->getMessage()]);
            return [self::UNKNOWN, ''];
        } catch (RefundFailedException | BridgeException $refused) {
            $this->log->note('a refund was refused', ['payment' => $refund['payment_id'], 'why' => $refused->getMessage()]);
            $words = mb_substr($refused->getMessage(), 0, 255);
            $this->tables->changeRefund((int) $refund['id'], ['status' => 'failed', 'failure' => $words]);
            return [self::REFUSED, $refused->getMessage()];
        }
        $this->remember($refund, $told['status'], $told['id']);
        $result = $told['status'] === 'pending' ? self::ON_ITS_WAY : self::DONE;
        return [$result, Decimal::told((int) $refund['amount'], $refund['currency'])];
    }

    private function remember(array $refund, string $status, ?string $refundId = null): void
    {
        $status = in_array($status, RefundGuard::REFUSED, true) ? 'failed' : $status;
        $change = ['status' => $status, 'failure' => null] + ($refundId === null ? [] : ['refund_id' => $refundId]);
        $this->tables->changeRefund((int) $refund['id'], $change);
    }

    private function locked(PlacedOrder $placed, callable $work): array
    {
        if (!$this->locks->take(Row::lock($placed->reference()), self::WAIT)) {
            return [self::BUSY, ''];
        }
        try {
            $result = $work();
        } finally {
            $this->locks->release(Row::lock($placed->reference()));
        }
        $this->closeIfAllIsBack($placed);
        return $result;
    }

    private function paidAttempt(PlacedOrder $placed, string $paymentId): ?array
    {
        $paid = $this->paidAttempts($placed);
        return $paymentId === '' ? (reset($paid) ?: null) : ($paid[$paymentId] ?? null);
    }
}
