<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Framework\Exception\LocalizedException;
use Magento\Sales\Model\Order;
use PaymentBridge\Core\BridgeException;
use PaymentBridge\Core\Client;
use PaymentBridge\Core\Money;
use PaymentBridge\Core\RefundFailedException;
use PaymentBridge\Core\RefundGuard;
use PaymentBridge\Core\RefundUnknownException;

/**
 * Money of an order that the shop holds and no credit memo can give back: it came late or a second time, so there is no
 * invoice; or its credit memo is made already, and the refund failed afterwards.
 *
 * What is owed is what the bridge says now. Given back twice it is one refund: the key is computed from the payment and
 * the amount, or is that of the refund that failed.
 */
class GiveBack
{
    public function __construct(
        private Clients $clients,
        private Tables $tables,
        private Orders $orders,
        private Shop $shop,
        private Log $log
    ) {
    }

    /**
     * Return what may be owed, as rows of attempts, without a question to the bridge: most orders have none.
     */
    public function candidates(int $orderId): array
    {
        return array_values(array_filter($this->tables->attempts($orderId), function (array $row): bool {
            if ($row['payment_id'] === null) {
                return false;
            }
            return (int) $row['paid'] === 1
                ? $this->tables->returned($row['payment_id']) > (int) $row['refunded']
                : $row['status'] === 'paid';
        }));
    }

    /**
     * Return what is owed: `payment_id`, `amount` in minor units, `currency`, `reference` of the refund, and whether it
     * `is_booked`, by a credit memo whose refund failed. Throws BridgeException.
     */
    public function owed(int $orderId, ?Client $client = null): array
    {
        $owed = [];
        foreach ($this->candidates($orderId) as $row) {
            $asked = $client ?? $this->clients->hurried((int) $row['store_id']);
            $found = (int) $row['paid'] === 1 ? $this->failedRefunds($asked, $row) : $this->unbooked($asked, $row);
            $owed = array_merge($owed, $found);
        }
        return $owed;
    }

    /**
     * Give one of the sums back that are owed, and say so on the order. Throws LocalizedException with words for whoever
     * has pressed the button.
     */
    public function giveBack(int $orderId, string $paymentId, int $amount): void
    {
        $order = $this->orders->fresh($orderId);
        if (!$this->shop->lock($order->getIncrementId())) {
            throw new LocalizedException(__('Somebody else works on this order at the moment. Please try again.'));
        }
        try {
            $this->giveBackLocked($order, $paymentId, $amount);
        } catch (RefundUnknownException $unknown) {
            $this->log->note('a refund has no answer yet', ['payment' => $paymentId, 'why' => $unknown->getMessage()]);
            throw new LocalizedException(__(
                'It is not known yet whether it was given back. Look at this page again in some minutes: it is given back only once.'
            ), $unknown);
        } catch (RefundFailedException | BridgeException $refused) {
            $this->log->note('a refund was refused', ['payment' => $paymentId, 'why' => $refused->getMessage()]);
            throw new LocalizedException(__('Nothing was refunded: %1', $refused->getMessage()), $refused);
        } finally {
            $this->shop->unlock($order->getIncrementId());
        }
    }

    private function giveBackLocked(Order $order, string $paymentId, int $amount): void
    {
        $client = $this->clients->ofStore((int) $order->getStoreId());
        $sum = $this->find($this->owed((int) $order->getId(), $client), $paymentId, $amount);
        $refund = (new RefundGuard($client))->refund($paymentId, $sum['reference'], $amount, 'given back');
        $this->tables->inOneTransaction(function () use ($order, $sum, $refund) {
            $this->tables->replaceRefund($refund['id'], $sum['payment_id'], $sum['reference'], $sum['amount']);
            $money = Money::toDecimal($sum['amount'], $sum['currency']) . ' ' . $sum['currency'];
            $words = __('%1 of payment %2 were given back, as refund %3.', $money, $sum['payment_id'], $refund['id']);
            $this->orders->comment($order, (string) $words);
        });
    }

    private function find(array $owed, string $paymentId, int $amount): array
    {
        foreach ($owed as $sum) {
            if ($sum['payment_id'] === $paymentId && $sum['amount'] === $amount) {
                return $sum;
            }
        }
        throw new LocalizedException(__('This sum is not owed any more. Look at the order again first.'));
    }

    private function unbooked(Client $client, array $row): array
    {
        $payment = $client->payment($row['payment_id']);
        $left = $payment['amount_captured'] - $payment['amount_refunded'] - $payment['amount_refund_pending'];
        if ($left < 1) {
            return [];
        }
        $reference = RefundGuard::reference($row['order_reference'], $row['payment_id'], 'not booked', $left, $row['currency']);
        return [$this->sum($row, $left, $reference, false)];
    }

    private function failedRefunds(Client $client, array $row): array
    {
        $alive = (new RefundGuard($client))->alive($row['payment_id']);
        $owed = [];
        foreach ($this->tables->refunds($row['payment_id']) as $refund) {
            if (!in_array($refund['reference'], $alive, true)) {
                $owed[] = $this->sum($row, (int) $refund['amount'], $refund['reference'], true);
            }
        }
        return $owed;
    }

    private function sum(array $row, int $amount, string $reference, bool $isBooked): array
    {
        return ['payment_id' => $row['payment_id'], 'amount' => $amount, 'currency' => $row['currency'],
            'reference' => $reference, 'is_booked' => $isBooked];
    }
}
