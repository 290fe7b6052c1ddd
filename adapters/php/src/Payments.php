<?php

namespace PaymentBridge\Core;

/**
 * Asks the bridge for an order's payment, once however often it is called, and asks what became of it.
 *
 * The request is stored before it is sent: a lost answer, a crash or a second call sends the same key and body again.
 * A shop extends this with what it alone knows of its orders.
 */
abstract class Payments
{
    public const SILENCES = 5; // one after the other, and the bridge is down: the next run goes on

    /** @var Attempts */
    private $attempts;

    /** @var Shop */
    private $shop;

    public function __construct(Attempts $attempts, Shop $shop)
    {
        $this->attempts = $attempts;
        $this->shop = $shop;
    }

    /**
     * Return the bridge as a store of the shop calls it; throw BridgeException where it is not configured.
     */
    abstract protected function client(int $storeId): Client;

    /**
     * Return the reference of an order, by which the bridge knows it.
     */
    abstract protected function referenceOf(int $orderId): string;

    /**
     * Tell whether an order waits for money, as the database has it.
     */
    abstract protected function isOpen(int $orderId): bool;

    /**
     * Return the store in which an order was placed, and the request for its payment.
     *
     * @param string $token of the page that the customer returns to
     * @return array{0: int, 1: array<string, mixed>}
     */
    abstract protected function request(int $orderId, string $token): array;

    /**
     * End an order that asks for no money.
     *
     * @param string|null $refusal what the bridge said; null if the customer never came to the payment
     */
    abstract protected function endOrder(int $orderId, ?string $refusal): void;

    /**
     * Ask the bridge about an attempt and apply what it says; return the decision.
     *
     * Throws BridgeException, BusyException.
     *
     * @param array<string, mixed> $attempt
     */
    public function refresh(array $attempt): string
    {
        $attempt = $this->answered($attempt);
        return $this->processor()->learn($attempt['payment_id'], $attempt['order_reference']);
    }

    /**
     * Give an attempt up, if no money has moved; what became of it is applied to the order. Throws as `refresh` does.
     *
     * One whose answer was lost is found first: the bridge may have a payment for it that somebody could still pay.
     *
     * @param array<string, mixed> $attempt
     */
    public function giveUp(array $attempt): string
    {
        $attempt = $this->answered($attempt);
        $this->cancelAtTheBridge($attempt);
        return $this->refresh($attempt);
    }

    /**
     * Ask the bridge to give an attempt up; null is a refusal: it is over already, or paid.
     *
     * @param array<string, mixed> $attempt
     * @return array<string, mixed>|null
     */
    public function cancelAtTheBridge(array $attempt): ?array
    {
        try {
            $client = $this->client((int) $attempt['store_id']);
            return $client->cancel($attempt['payment_id'], 'cancel-' . $attempt['idempotency_key']);
        } catch (ApiException $refused) {
            $this->shop->log('the bridge did not cancel', ['code' => $refused->problemCode()]);
            return null;
        }
    }

    /**
     * Tell whether an attempt has surely come to nothing, after asking the bridge to give it up: no money has moved,
     * and none will. Changes nothing in the shop.
     *
     * @param array<string, mixed> $attempt
     */
    public function isGivenUp(array $attempt): bool
    {
        try {
            $attempt = $attempt['payment_id'] === null ? $this->ask($attempt) : $attempt;
            $told = $this->cancelAtTheBridge($attempt) ?? $this->look($attempt);
        } catch (BridgeException $silence) {
            return false;
        }
        return in_array($told['status'], Decision::OVER, true) && $told['outcome_known'] && $told['amount_captured'] === 0;
    }

    /**
     * Return the payment of an attempt as the bridge has it, and change nothing; throws BridgeException.
     *
     * Where the answer to its create was lost, the same create is asked again.
     *
     * @param array<string, mixed> $attempt
     * @return array<string, mixed>
     */
    public function look(array $attempt): array
    {
        $paymentId = $attempt['payment_id'] ?? $this->ask($attempt)['payment_id'];
        return $this->client((int) $attempt['store_id'])->payment($paymentId);
    }

    /**
     * Cancel an order whose customer never came to the payment; whoever comes at this very moment is first.
     */
    public function endNeverAsked(int $orderId): void
    {
        $this->withLock($this->referenceOf($orderId), function () use ($orderId) {
            if ($this->attempts->latestAttempt($orderId) === null) {
                $this->endOrder($orderId, null);
            }
        });
    }

    /**
     * Do something for each of the orders; a failure is logged, and the next one's turn comes. Where the bridge is
     * silent again and again the rest is left for the next run, so that a shop's other jobs need not wait for it.
     *
     * @param iterable $orders whatever `$work` takes
     */
    public function lookAfter(iterable $orders, callable $work): void
    {
        $silences = 0;
        foreach ($orders as $order) {
            $failure = $this->tryFor($order, $work);
            $silences = $failure instanceof NoAnswerException ? $silences + 1 : 0;
            if ($silences === self::SILENCES) {
                return;
            }
        }
    }

    /**
     * Return the one processor for notifications, return page and cron.
     */
    public function processor(): NotificationProcessor
    {
        return new NotificationProcessor($this->shop, function ($paymentId, array $facts) {
            return $this->client($facts['store'])->payment($paymentId);
        });
    }

    /**
     * Return the order's open attempt with its checkout address, asking the bridge if need be; null if the order is
     * not waiting for money any more. Throws BridgeException, BusyException.
     *
     * @return array<string, mixed>|null
     */
    protected function begin(int $orderId, string $orderReference): ?array
    {
        $latest = $this->attempts->latestAttempt($orderId);
        if ($latest !== null && $latest['payment_id'] !== null) {
            $this->refresh($latest);
        }
        return $this->withLock($orderReference, function () use ($orderId, $orderReference) {
            return $this->beginLocked($orderId, $orderReference);
        });
    }

    private function beginLocked(int $orderId, string $orderReference): ?array
    {
        if (!$this->isOpen($orderId)) {
            return null;
        }
        $latest = $this->attempts->latestAttempt($orderId);
        if ($latest === null || in_array($latest['status'], Decision::OVER, true)) {
            $latest = $this->add($orderId, $orderReference, $latest === null ? 1 : (int) $latest['attempt'] + 1);
        }
        return $latest['payment_id'] === null ? $this->ask($latest) : $latest;
    }

    private function add(int $orderId, string $orderReference, int $number): array
    {
        $token = bin2hex(random_bytes(32));
        list($store, $body) = $this->request($orderId, $token);
        return $this->attempts->addAttempt([
            'order_id' => $orderId,
            'order_reference' => $orderReference,
            'store_id' => $store,
            'attempt' => $number,
            'token' => $token,
            'idempotency_key' => 'order-' . $orderReference . '-' . $number . '-' . substr($token, 0, 16),
            'body' => json_encode($body, JSON_UNESCAPED_SLASHES),
            'amount' => $body['amount'],
            'currency' => $body['currency'],
        ]);
    }

    private function answered(array $attempt): array
    {
        return $attempt['payment_id'] !== null ? $attempt : $this->withLock($attempt['order_reference'], function () use ($attempt) {
            return $this->ask($attempt);
        });
    }

    private function ask(array $attempt): array
    {
        $client = $this->client((int) $attempt['store_id']);
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
        $this->attempts->changeAttempt((int) $attempt['id'], $answer);
        return $answer + $attempt;
    }

    private function close(array $attempt, ApiException $refused): void
    {
        // Nothing was done and nothing is kept for the key: this attempt asks for no money, so the order may end.
        $this->attempts->inOneTransaction(function () use ($attempt, $refused) {
            $this->attempts->changeAttempt((int) $attempt['id'], ['status' => 'failed']);
            $this->endOrder((int) $attempt['order_id'], $refused->detail());
        });
        $context = ['code' => $refused->problemCode(), 'request' => $refused->requestId()];
        $this->shop->log('the bridge refused a payment', $context + ['order' => $attempt['order_reference']]);
    }

    private function tryFor($order, callable $work): ?\Exception
    {
        try {
            $work($order);
            return null;
        } catch (\Exception $failure) {
            $name = is_array($order) ? $order['order_reference'] : (string) $order;
            $why = Redactor::text($failure->getMessage());
            $this->shop->log('an order could not be looked after', ['order' => $name, 'why' => $why]);
            return $failure;
        }
    }

    private function withLock(string $orderReference, callable $work)
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
