<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Gateway;

use Magento\Payment\Gateway\Command\CommandException;
use Magento\Payment\Gateway\CommandInterface;
use Magento\Payment\Gateway\Helper\SubjectReader;
use Magento\Sales\Model\Order\Payment;
use PaymentBridge\Checkout\Model\Amount;
use PaymentBridge\Checkout\Model\Clients;
use PaymentBridge\Checkout\Model\Log;
use PaymentBridge\Checkout\Model\Tables;
use PaymentBridge\Core\BridgeException;
use PaymentBridge\Core\Money;
use PaymentBridge\Core\RefundFailedException;
use PaymentBridge\Core\RefundGuard;
use PaymentBridge\Core\RefundUnknownException;

/**
 * Gives money back for an online credit memo, part or all, once.
 *
 * Magento runs this inside the memo's transaction: an exception takes the memo back, but not the money. So the
 * intent is named by what the shop had refunded before, which a rollback leaves as it was: the same memo, made again,
 * is the same refund at the bridge.
 */
class RefundCommand implements CommandInterface
{
    private const UNKNOWN = 'It is not known yet whether the refund was done. Please make the same credit memo again in '
        . 'some minutes: it is refunded only once. Do not change the amount, and do not refund offline.';

    public function __construct(private Clients $clients, private Tables $tables, private Log $log)
    {
    }

    public function execute(array $commandSubject)
    {
        $payment = SubjectReader::readPayment($commandSubject)->getPayment();
        $order = $payment->getOrder();
        $before = $this->refundedBefore($payment);
        $currency = (string) $order->getOrderCurrencyCode();
        // What the customer paid, in the order's currency; the amount in the subject is in the base currency.
        $amount = Money::toMinor(Amount::text($payment->getCreditmemo()->getGrandTotal()), $currency);
        $paymentId = (string) $payment->getRefundTransactionId();
        $reference = RefundGuard::reference($order->getIncrementId(), $paymentId, $before, $amount, $currency);
        $refund = $this->refund((int) $order->getStoreId(), $paymentId, $reference, $amount);
        $this->tables->addRefund($refund['id'], $paymentId, $reference, $amount);
        $payment->setTransactionId($refund['id'])
            ->setIsTransactionClosed(true)
            ->setShouldCloseParentTransaction($this->isAll($payment));
        return null;
    }

    private function refund(int $store, string $paymentId, string $reference, int $amount): array
    {
        try {
            $guard = new RefundGuard($this->clients->ofStore($store));
            return $guard->refund($paymentId, $reference, $amount, 'credit memo');
        } catch (RefundUnknownException $unknown) {
            $this->log->note('a refund has no answer yet', ['payment' => $paymentId, 'why' => $unknown->getMessage()]);
            throw new CommandException(__(self::UNKNOWN), $unknown);
        } catch (RefundFailedException | BridgeException $refused) {
            $this->log->note('a refund was refused', ['payment' => $paymentId, 'why' => $refused->getMessage()]);
            throw new CommandException(__('Nothing was refunded: %1', $refused->getMessage()), $refused);
        }
    }

    private function refundedBefore(Payment $payment): string
    {
        $known = Amount::text($payment->getAmountRefunded());
        $stored = Amount::text($this->tables->refundedForUpdate((int) $payment->getId()));
        if (bccomp($known, $stored, 4) !== 0) {
            throw new CommandException(__('Somebody else has just refunded this order. Look at it again first.'));
        }
        return $stored;
    }

    private function isAll(Payment $payment): bool
    {
        $after = bcadd(
            Amount::text($payment->getAmountRefunded()),
            Amount::text($payment->getCreditmemo()->getGrandTotal()),
            4
        );
        return bccomp($after, Amount::text($payment->getAmountPaid()), 4) >= 0;
    }
}
