<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model\Resolver;

use Magento\Framework\GraphQl\Config\Element\Field;
use Magento\Framework\GraphQl\Exception\GraphQlInputException;
use Magento\Framework\GraphQl\Query\ResolverInterface;
use Magento\Framework\GraphQl\Schema\Type\ResolveInfo;
use Magento\Sales\Model\OrderFactory;
use PaymentBridge\Checkout\Model\Config;
use PaymentBridge\Checkout\Model\Payments;
use PaymentBridge\Core\BridgeException;
use PaymentBridge\Core\BusyException;
use PaymentBridge\Core\Row;

/**
 * Where the customer of a headless shop pays the order that was placed in this very request.
 */
class CheckoutUrl implements ResolverInterface
{
    public function __construct(private OrderFactory $orders, private Payments $payments, private Config $config)
    {
    }

    public function resolve(Field $field, $context, ResolveInfo $info, ?array $value = null, ?array $args = null)
    {
        $store = (int) $context->getExtensionAttributes()->getStore()->getId();
        $order = $this->orders->create()->loadByIncrementIdAndStoreId($value['order_number'] ?? '', $store);
        if (!$order->getId() || !$this->config->isOurs($order->getPayment()->getMethod())) {
            return null;
        }
        try {
            $attempt = $this->payments->start($order);
            return $attempt === null ? null : Row::page($attempt);
        } catch (BridgeException | BusyException $failure) {
            throw new GraphQlInputException(__('The payment service does not answer at the moment.'), $failure);
        }
    }
}
