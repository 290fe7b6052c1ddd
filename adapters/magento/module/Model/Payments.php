<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Framework\UrlInterface;
use Magento\Sales\Model\Order;
use PaymentBridge\Core\ApiException;
use PaymentBridge\Core\Client;
use PaymentBridge\Core\Money;
use PaymentBridge\Core\Payments as PaymentsOfAnyShop;

/**
 * What a payment needs to know of Magento's orders; the rest is the same in every shop.
 */
class Payments extends PaymentsOfAnyShop
{
    public function __construct(
        Tables $tables,
        private Orders $orders,
        Shop $shop,
        private Clients $clients,
        private Config $config,
        private UrlInterface $urls,
        private Refusals $refusals
    ) {
        parent::__construct($tables, $shop);
    }

    /**
     * Return the order's open attempt with its checkout address, asking the bridge if need be; null if the order is
     * not waiting for money any more. Throws BridgeException, BusyException.
     *
     * A currency that is refused is remembered for the customers after this one.
     */
    public function start(Order $order): ?array
    {
        try {
            return $this->begin((int) $order->getId(), $order->getIncrementId());
        } catch (ApiException $refused) {
            if ($refused->problemCode() === 'currency_not_supported') {
                $method = $order->getPayment()->getMethod();
                $this->refusals->add($method, (string) $order->getOrderCurrencyCode(), (int) $order->getStoreId());
            }
            throw $refused;
        }
    }

    protected function client(int $storeId): Client
    {
        return $this->clients->ofStore($storeId);
    }

    protected function referenceOf(int $orderId): string
    {
        return $this->orders->fresh($orderId)->getIncrementId();
    }

    protected function isOpen(int $orderId): bool
    {
        return $this->orders->state($this->orders->fresh($orderId)) === 'open';
    }

    protected function endOrder(int $orderId, ?string $refusal): void
    {
        $words = $refusal === null
            ? __('The customer never came to the payment.')
            : __('The bridge refused this payment: %1', $refusal);
        $this->orders->cancel($this->orders->fresh($orderId), (string) $words);
    }

    protected function tellForeign(int $orderId, string $reference, array $payment): void
    {
        $words = __(
            'This order number was already used for payment %1 of another order. That money does not belong to this order, which is paid as %2.',
            $payment['id'],
            $reference
        );
        $this->orders->alert($this->orders->fresh($orderId), (string) $words);
    }

    protected function request(int $orderId, string $token): array
    {
        $order = $this->orders->fresh($orderId);
        $store = (int) $order->getStoreId();
        $currency = (string) $order->getOrderCurrencyCode();
        $parameters = ['_scope' => $store, '_secure' => true, '_nosid' => true, 'token' => $token];
        $home = $this->urls->getUrl('paymentbridge/checkout/done', $parameters);
        return [$store, [
            'order_reference' => $order->getIncrementId(),
            'amount' => Money::toMinor(Amount::text($order->getGrandTotal()), $currency),
            'currency' => $currency,
            'method' => Config::METHODS[$order->getPayment()->getMethod()],
            'channel' => 'web',
            'payer' => ['locale' => $this->config->locale($store)],
            'description' => (string) __('Order %1', $order->getIncrementId()),
            'return_url' => $home,
            'cancel_url' => $home,
            'expires_in' => $this->config->expiresIn($store),
        ]];
    }
}
