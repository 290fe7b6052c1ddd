<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Gateway;

use Magento\Payment\Gateway\CommandInterface;
use Magento\Payment\Gateway\Helper\SubjectReader;
use Magento\Sales\Model\Order;
use PaymentBridge\Checkout\Model\Config;

/**
 * Places the order unpaid. The bridge is asked afterwards: here the order has no number in the database yet.
 */
class InitializeCommand implements CommandInterface
{
    public function __construct(private Config $config)
    {
    }

    public function execute(array $commandSubject)
    {
        $payment = SubjectReader::readPayment($commandSubject)->getPayment();
        $order = $payment->getOrder();
        $store = (int) $order->getStoreId();
        $status = $this->config->newOrderStatus($payment->getMethod(), $store);
        SubjectReader::readStateObject($commandSubject)
            ->setState(Order::STATE_PENDING_PAYMENT)
            ->setStatus($status === '' ? Order::STATE_PENDING_PAYMENT : $status)
            ->setIsNotified(false);
        $order->setCanSendNewEmailFlag($this->config->mailsWhenPlaced($store));
        return null;
    }
}
