<?php

namespace PaymentBridge\PrestaShop;

/**
 * The standard ways to refund, where the merchant has switched them on: a credit slip gives its money back.
 *
 * The slip is stored when PrestaShop tells of it, so nothing is thrown here: what came of it stands in the panel, where
 * a lost answer is asked for again.
 */
class SlipRefund
{
    /** @var Config */
    private $config;

    /** @var Orders */
    private $orders;

    /** @var Slips */
    private $slips;

    /** @var Refunds */
    private $refunds;

    /** @var Log */
    private $log;

    public function __construct(Config $config, Orders $orders, Slips $slips, Refunds $refunds, Log $log)
    {
        $this->config = $config;
        $this->orders = $orders;
        $this->slips = $slips;
        $this->refunds = $refunds;
        $this->log = $log;
    }

    /**
     * Refund the newest slip of an order, unless the customer gets a voucher for it.
     */
    public function follow(int $orderId, int $employee): void
    {
        $placed = $this->orders->with($orderId);
        if ($placed === null || !$placed->isOurs() || !$this->config->refundsOnSlip($placed->shop()) || $this->isVoucher()) {
            return;
        }
        try {
            $slip = $this->slips->newest($orderId, $placed->currency());
            if ($slip !== null) {
                $this->refunds->refund($placed, $slip[1], $employee, $slip[0]);
            }
        } catch (\Exception $failure) {
            $this->log->note('a credit slip was not refunded', ['order' => $orderId, 'why' => $failure->getMessage()], Log::ALERT);
        }
    }

    private function isVoucher(): bool
    {
        $form = \Tools::getValue('cancel_product'); // since 1.7.7
        return (is_array($form) && !empty($form['voucher']))
            || \Tools::getValue('generateDiscount') || \Tools::getValue('generateDiscountRefund');
    }
}
