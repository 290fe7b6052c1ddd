<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model\Resolver;

use Magento\Framework\GraphQl\Config\Element\Field;
use Magento\Framework\GraphQl\Exception\GraphQlInputException;
use Magento\Framework\GraphQl\Query\ResolverInterface;
use Magento\Framework\GraphQl\Schema\Type\ResolveInfo;
use Magento\Sales\Model\Order;
use Magento\Sales\Model\OrderFactory;
use PaymentBridge\Checkout\Model\Config;
use PaymentBridge\Checkout\Model\Orders;
use PaymentBridge\Checkout\Model\Payments;
use PaymentBridge\Core\ApiException;
use PaymentBridge\Core\BridgeException;
use PaymentBridge\Core\BusyException;
use PaymentBridge\Core\NoAnswerException;
use PaymentBridge\Core\Row;

/**
 * Where the customer of a headless shop pays an order: the one that was placed in this very request, or one that
 * Magento's own queries have shown to its customer. Asked again, it is the same payment.
 */
class CheckoutUrl implements ResolverInterface
{
    private const JUST = 10; // seconds
    private int $silentAt = 0;

    public function __construct(
        private OrderFactory $placed,
        private Orders $orders,
        private Payments $payments,
        private Config $config
    ) {
    }

    public function resolve(Field $field, $context, ResolveInfo $info, ?array $value = null, ?array $args = null)
    {
        $order = $value['model'] ?? $this->placedNow((string) ($value['order_number'] ?? ''), $context);
        if (!$order->getId() || !$this->config->isOurs($order->getPayment()->getMethod())) {
            return null;
        }
        return $this->orders->state($order) === 'open' ? $this->address($order) : null;
    }

    private function placedNow(string $number, $context): Order
    {
        $store = (int) $context->getExtensionAttributes()->getStore()->getId();
        return $this->placed->create()->loadByIncrementIdAndStoreId($number, $store);
    }

    private function address(Order $order): ?string
    {
        try {
            $attempt = $this->start($order);
            return $attempt === null ? null : Row::page($attempt);
        } catch (ApiException $refused) {
            throw new GraphQlInputException(
                __('This payment is not possible. Please choose another way to pay.'),
                $refused
            );
        } catch (BridgeException | BusyException $failure) {
            throw new GraphQlInputException(__('The payment service does not answer at the moment.'), $failure);
        }
    }

    /**
     * Start a payment, unless the order before this one in a list has just waited for the bridge in vain.
     */
    private function start(Order $order): ?array
    {
        if ($this->silentAt > time() - self::JUST) {
            throw new NoAnswerException('the bridge was silent a moment ago');
        }
        try {
            return $this->payments->start($order);
        } catch (NoAnswerException $silence) {
            $this->silentAt = time();
            throw $silence;
        }
    }
}
