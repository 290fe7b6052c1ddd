<?php

namespace PaymentBridge\PrestaShop;

/**
 * The standard ways to refund, where the merchant has switched them on: a credit slip gives its money back.
 *
 * The slip is stored when PrestaShop tells of it, so nothing is thrown here. A slip that gave no money back is told on the
 * order's page and in the log, and stays in the panel until it is refunded, or until a merchant says that nothing is due.
 */
class SlipRefund
{
    public const AMOUNT = 'slip_amount'; // the slip does not say beyond doubt what is due: nothing was sent
    public const WHICH = 'slip_which'; // several slips were made at once: nothing was sent
    public const FAILED = 'slip_failed'; // something broke in the shop
    public const TOO_MUCH = 'slip_too_much'; // more than the slip says was typed
    public const CLOSED = 'slip_closed'; // nothing is due for it any more

    public const GOOD = [Refunds::DONE, Refunds::ON_ITS_WAY, Refunds::ALREADY, self::CLOSED];

    /** @var Config */
    private $config;

    /** @var Orders */
    private $orders;

    /** @var Slips */
    private $slips;

    /** @var Tables */
    private $tables;

    /** @var Refunds */
    private $refunds;

    /** @var Log */
    private $log;

    public function __construct(Config $config, Orders $orders, Slips $slips, Tables $tables, Refunds $refunds, Log $log)
    {
        $this->config = $config;
        $this->orders = $orders;
        $this->slips = $slips;
        $this->tables = $tables;
        $this->refunds = $refunds;
        $this->log = $log;
    }

    /**
     * Refund the slip that PrestaShop has just made, unless the customer gets a voucher for it.
     *
     * @param int|null $slipId where PrestaShop says which one it is, as since 9
     * @return array{0: string, 1: string}|null what came of it, as Refunds tells it; null if there is nothing to tell
     */
    public function follow(int $orderId, int $employee, ?int $slipId = null): ?array
    {
        $placed = $this->orders->with($orderId);
        if ($placed === null || !$placed->isOurs() || !$this->config->refundsOnSlip($placed->shop())) {
            return null;
        }
        try {
            $new = $this->remember($placed, $orderId, $employee, $slipId === null ? $this->slips->justMade($orderId) : [$slipId]);
            return $this->isVoucher() ? $this->closeVouchers($new) : $this->refundNew($placed, $new, $employee);
        } catch (\Throwable $failure) {
            $this->log->note('a credit slip was not refunded', ['order' => $orderId, 'why' => $failure->getMessage()], Log::ALERT);
            return [self::FAILED, ''];
        }
    }

    /**
     * Refund a slip from the panel, over the amount in minor units that the merchant has typed. Returns as `follow` does.
     *
     * @return array{0: string, 1: string}
     */
    public function again(PlacedOrder $placed, int $slipId, int $amount, int $employee): array
    {
        $slip = $this->ofOrder($placed, $slipId);
        if ($slip === null) {
            return [Refunds::CHANGED, ''];
        }
        if ($amount > (int) $slip['most']) {
            return [self::TOO_MUCH, Decimal::told((int) $slip['most'], $slip['currency'])];
        }
        return $this->send($placed, $slip, $amount, $employee);
    }

    /**
     * Take the merchant's word that no money is due for a slip: it was given back another way.
     *
     * @return array{0: string, 1: string}
     */
    public function close(PlacedOrder $placed, int $slipId): array
    {
        $slip = $this->ofOrder($placed, $slipId);
        if ($slip === null || $slip['refund_status'] === Refunds::UNKNOWN) {
            return [Refunds::CHANGED, ''];
        }
        $this->tables->changeSlip($slipId, ['is_closed' => 1]);
        return [self::CLOSED, (string) $slipId];
    }

    /**
     * @param int[] $slipIds
     * @return array<int, array<string, mixed>> those that were not known yet, as rows
     */
    private function remember(PlacedOrder $placed, int $orderId, int $employee, array $slipIds): array
    {
        $new = [];
        foreach ($slipIds as $slipId) {
            $slip = $this->tables->slip($slipId) === null ? $this->slips->read($slipId, $orderId, $placed->currency()) : null;
            if ($slip !== null && $slip->most() > 0) {
                $this->tables->addSlip([
                    'slip_id' => $slipId,
                    'order_id' => $orderId,
                    'amount' => $slip->amount(),
                    'most' => $slip->most(),
                    'currency' => $placed->currency(),
                    'employee_id' => $employee,
                ]);
                $new[] = $this->tables->slip($slipId);
            }
        }
        return $new;
    }

    private function refundNew(PlacedOrder $placed, array $new, int $employee): ?array
    {
        $result = null;
        foreach ($new as $slip) {
            if (count($new) > 1) {
                $result = $this->tell($placed, $slip, [self::WHICH, Decimal::told((int) $slip['most'], $slip['currency'])]);
            } elseif ($slip['amount'] === null) {
                $result = $this->tell($placed, $slip, [self::AMOUNT, Decimal::told((int) $slip['most'], $slip['currency'])]);
            } else {
                $result = $this->send($placed, $slip, (int) $slip['amount'], $employee);
            }
        }
        return $result;
    }

    private function closeVouchers(array $new): ?array
    {
        foreach ($new as $slip) {
            $this->tables->changeSlip((int) $slip['slip_id'], ['is_closed' => 1]);
        }
        return null;
    }

    private function send(PlacedOrder $placed, array $slip, int $amount, int $employee): array
    {
        return $this->tell($placed, $slip, $this->refunds->refundSlip($placed, (int) $slip['slip_id'], $amount, $employee));
    }

    private function tell(PlacedOrder $placed, array $slip, array $result): array
    {
        if (!in_array($result[0], self::GOOD, true)) {
            $context = ['order' => $placed->reference(), 'slip' => (int) $slip['slip_id'], 'why' => $result[0]];
            $this->log->note('a credit slip was not refunded', $context, Log::ALERT);
            $this->tables->changeSlip((int) $slip['slip_id'], ['reason' => $result[0], 'detail' => mb_substr($result[1], 0, 255)]);
        }
        return $result;
    }

    private function ofOrder(PlacedOrder $placed, int $slipId): ?array
    {
        $slip = $this->tables->slip($slipId);
        return $slip !== null && in_array((int) $slip['order_id'], $placed->ids(), true) ? $slip : null;
    }

    private function isVoucher(): bool
    {
        $form = \Tools::getValue('cancel_product'); // since 1.7.7
        return (is_array($form) && !empty($form['voucher']))
            || \Tools::getValue('generateDiscount') || \Tools::getValue('generateDiscountRefund');
    }
}
