<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Observer;

use Magento\Framework\Event\Observer;
use Magento\Framework\Event\ObserverInterface;
use Magento\Framework\Exception\LocalizedException;
use PaymentBridge\Checkout\Model\Config;
use PaymentBridge\Checkout\Model\Payments;
use PaymentBridge\Checkout\Model\Tables;
use PaymentBridge\Core\Decision;

/**
 * Before an order is canceled, by the merchant or by Magento's own cron, its payment is given up at the bridge.
 *
 * If money has moved, or nobody can say, the order is not canceled.
 */
class GiveUpAtTheBridge implements ObserverInterface
{
    public function __construct(private Config $config, private Tables $tables, private Payments $payments)
    {
    }

    public function execute(Observer $observer): void
    {
        $payment = $observer->getData('payment');
        $attempt = $this->config->isOurs($payment->getMethod())
            ? $this->tables->latestAttempt((int) $payment->getOrder()->getId())
            : null;
        if ($attempt === null || in_array($attempt['status'], Decision::OVER, true)) {
            return; // not ours, never asked, or over
        }
        if (!$this->payments->isGivenUp($attempt)) {
            throw new LocalizedException(__('The payment of this order is still under way, so it cannot be canceled now.'));
        }
        $this->tables->changeAttempt((int) $attempt['id'], ['status' => 'canceled']);
    }
}
