<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Observer;

use Magento\Framework\Event\Observer;
use Magento\Framework\Event\ObserverInterface;
use PaymentBridge\Checkout\Model\Refusals;

/**
 * Lets methods be tried again in every currency when a merchant has saved the settings.
 */
class ForgetRefusals implements ObserverInterface
{
    public function __construct(private Refusals $refusals)
    {
    }

    public function execute(Observer $observer): void
    {
        $this->refusals->forget();
    }
}
