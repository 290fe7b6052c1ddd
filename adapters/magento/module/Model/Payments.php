<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Framework\UrlInterface;
use Magento\Sales\Model\Order;
use PaymentBridge\Core\ApiException;
use PaymentBridge\Core\BusyException;
use PaymentBridge\Core\Decision;
use PaymentBridge\Core\Money;
use PaymentBridge\Core\NotificationProcessor;

/**
 * Asks the bridge for an order's payment, once however often it is called, and asks what became of it.
 */
class Payments
{
    public function __construct(
        private Tables $tables,
        private Orders $orders,
        private Shop $shop,
        private Clients $clients,
        private Config $config,
        private UrlInterface $urls
    ) {
    }

    /**
     * Return the order's open attempt with its checkout address, asking the bridge if need be; null if the order is
     * not waiting for money any more.
     *
     * Throws BridgeException, BusyException. The request is stored before it is sent: a lost answer, a crash or a
     * second call sends the same key and body again.
     */
    public function start(Order $order): ?array
    {
        $latest = $this->tables->latestAttempt((int) $order->getId());
        if ($latest !== null && $latest['payment_id'] !== null) {
            $this->refresh($latest);
        }
        return $this->withLock($order->getIncrementId(), fn () => $this->startLocked((int) $order->getId()));
    }

    /**
     * Ask the bridge about an attempt and apply what it says; returns the decision. Throws as `start` does.
     */
    public function refresh(array $attempt): string
    {
        if ($attempt['payment_id'] === null) {
            $attempt = $this->withLock($attempt['order_reference'], fn () => $this->ask($attempt));
        }
        return $this->processor()->learn($attempt['payment_id'], $attempt['order_reference']);
    }

    /**
     * Give an attempt up, if no money has moved; what became of it is applied to the order. Throws as `start` does.
     */
    public function giveUp(array $attempt): string
    {
        if ($attempt['payment_id'] !== null) {
            $this->cancelAtTheBridge($attempt);
        }
        return $this->refresh($attempt);
    }

    /**
     * Ask the bridge to give an attempt up; a refusal means that it is over already, or paid.
     */
    public function cancelAtTheBridge(array $attempt): ?array
    {
        try {
            $client = $this->clients->ofStore((int) $attempt['store_id']);
            return $client->cancel($attempt['payment_id'], 'cancel-' . $attempt['idempotency_key']);
        } catch (ApiException $refused) {
            $this->shop->log('the bridge did not cancel', ['code' => $refused->problemCode()]);
            return null;
        }
    }

    /**
     * Cancel an order whose customer never came to the payment; whoever comes at this very moment is first.
     */
    public function endNeverAsked(int $orderId): void
    {
        $this->withLock($this->orders->fresh($orderId)->getIncrementId(), function () use ($orderId) {
            if ($this->tables->latestAttempt($orderId) === null) {
                $words = __('The customer never came to the payment.');
                $this->orders->cancel($this->orders->fresh($orderId), (string) $words);
            }
        });
    }

    /**
     * Return the payment of an attempt as the bridge has it, and change nothing; throws BridgeException.
     *
     * Where the answer to its create was lost, the same create is asked again.
     */
    public function look(array $attempt): array
    {
        $paymentId = $attempt['payment_id'] ?? $this->ask($attempt)['payment_id'];
        return $this->clients->ofStore((int) $attempt['store_id'])->payment($paymentId);
    }

    /**
     * Return the one processor for notifications, return page and cron.
     */
    public function processor(): NotificationProcessor
    {
        return new NotificationProcessor($this->shop, function (string $paymentId, array $facts): array {
            return $this->clients->ofStore($facts['store'])->payment($paymentId);
        });
    }

    private function startLocked(int $orderId): ?array
    {
        $order = $this->orders->fresh($orderId);
        if ($this->orders->state($order) !== 'open') {
            return null;
        }
        $latest = $this->tables->latestAttempt($orderId);
        if ($latest === null || in_array($latest['status'], Decision::OVER, true)) {
            $latest = $this->add($order, $latest === null ? 1 : (int) $latest['attempt'] + 1);
        }
        return $latest['payment_id'] === null ? $this->ask($latest) : $latest;
    }

    private function add(Order $order, int $number): array
    {
        $token = bin2hex(random_bytes(32));
        $body = $this->body($order, $token);
        return $this->tables->addAttempt([
            'order_id' => (int) $order->getId(),
            'order_reference' => $order->getIncrementId(),
            'store_id' => (int) $order->getStoreId(),
            'attempt' => $number,
            'token' => $token,
            'idempotency_key' => 'order-' . $order->getIncrementId() . '-' . $number . '-' . substr($token, 0, 16),
            'body' => json_encode($body, JSON_UNESCAPED_SLASHES),
            'amount' => $body['amount'],
            'currency' => $body['currency'],
        ]);
    }

    private function body(Order $order, string $token): array
    {
        $store = (int) $order->getStoreId();
        $currency = (string) $order->getOrderCurrencyCode();
        $parameters = ['_scope' => $store, '_secure' => true, '_nosid' => true, 'token' => $token];
        $home = $this->urls->getUrl('paymentbridge/checkout/done', $parameters);
        return [
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
        ];
    }

    private function ask(array $attempt): array
    {
        $client = $this->clients->ofStore((int) $attempt['store_id']);
        try {
            $payment = $client->createPayment(json_decode($attempt['body'], true), $attempt['idempotency_key']);
        } catch (ApiException $refused) {
            if ($refused->problemCode() !== 'payment_exists') {
                $this->close($attempt, $refused);
                throw $refused;
            }
            $payment = $client->payment((string) $refused->member('payment_id'));
        }
        $answer = [
            'payment_id' => $payment['id'],
            'checkout_url' => $payment['checkout']['url'] ?? null,
            'checkout_token' => $payment['checkout']['token'] ?? null,
        ];
        $this->tables->changeAttempt((int) $attempt['id'], $answer);
        return $answer + $attempt;
    }

    private function close(array $attempt, ApiException $refused): void
    {
        // Nothing was done and nothing is kept for the key: this attempt asks for no money, so the order may end.
        $this->tables->inOneTransaction(function () use ($attempt, $refused) {
            $this->tables->changeAttempt((int) $attempt['id'], ['status' => 'failed']);
            $order = $this->orders->fresh((int) $attempt['order_id']);
            $words = __('The bridge refused this payment: %1', $refused->detail());
            $this->orders->cancel($order, (string) $words);
        });
        $context = ['code' => $refused->problemCode(), 'request' => $refused->requestId()];
        $this->shop->log('the bridge refused a payment', $context + ['order' => $attempt['order_reference']]);
    }

    private function withLock(string $orderReference, callable $work): mixed
    {
        if (!$this->shop->lock($orderReference)) {
            throw new BusyException('somebody else works on this order');
        }
        try {
            return $work();
        } finally {
            $this->shop->unlock($orderReference);
        }
    }
}
