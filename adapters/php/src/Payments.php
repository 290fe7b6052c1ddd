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
    private const REST = 60; // seconds in which a bridge that was silent so often is not asked to give anything up
    private const NEVER = [400, 409, 422]; // of a request that is refused for what it says, not for who asks
    private const UNASKED = [
        'payment_id' => null, 'checkout_url' => null, 'checkout_token' => null, 'status' => 'created', 'sequence' => 0, 'refunded' => 0,
    ];

    /** @var Attempts */
    private $attempts;

    /** @var Shop */
    private $shop;

    /** @var int how often the bridge was silent when it was asked to give an attempt up, without an answer since */
    private $silences = 0;

    /** @var int Unix seconds of the last of them */
    private $silentAt = 0;

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
     * Tell the merchant that an order's number was already used for a payment of another order, and that the order is
     * asked for under another reference instead. Told once for an order.
     *
     * @param array<string, mixed> $payment the other order's, as the API shows it
     */
    abstract protected function tellForeign(int $orderId, string $reference, array $payment): void;

    /**
     * Ask the bridge about an attempt and apply what it says; return the decision.
     *
     * Throws BridgeException, BusyException.
     *
     * @param array<string, mixed> $attempt
     */
    public function refresh(array $attempt): string
    {
        if ($this->cameToNothing($attempt)) {
            return Decision::NOTHING;
        }
        $attempt = $this->answered($attempt);
        $decision = $this->processor()->learn($attempt['payment_id'], $attempt['order_reference']);
        if ($decision === Decision::FOREIGN) {
            $this->letGo($attempt);
        }
        return $decision;
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
        if ($this->cameToNothing($attempt)) {
            return Decision::NOTHING;
        }
        $attempt = $this->answered($attempt);
        if ($this->isOurs($attempt)) {
            $this->cancelAtTheBridge($attempt);
        }
        return $this->refresh($attempt);
    }

    /**
     * Tell whether an attempt has surely come to nothing, after asking the bridge to give it up: no money has moved,
     * and none will. Changes nothing in the shop, and throws nothing of the core.
     *
     * A job of the platform may ask for many orders, one after the other: where the bridge is silent again and again it is
     * not asked for a while, and nothing is given up, so that the job need not wait for it each time.
     *
     * @param array<string, mixed> $attempt
     */
    public function isGivenUp(array $attempt): bool
    {
        if ($this->silences >= self::SILENCES && $this->silentAt > time() - self::REST) {
            return false;
        }
        try {
            $attempt = $attempt['payment_id'] === null ? $this->ask($attempt) : $attempt;
            if (!$this->isOurs($attempt)) {
                return true;
            }
            $told = $this->cancelAtTheBridge($attempt) ?? $this->payment($attempt);
        } catch (ForeignPaymentException $foreign) {
            return true; // the bridge has no payment of this attempt
        } catch (ApiException $refused) {
            return in_array($refused->status(), self::NEVER, true);
        } catch (BridgeException | BusyException $silence) {
            $this->silences++;
            $this->silentAt = time();
            return false;
        }
        $this->silences = 0;
        return in_array($told['status'], Decision::OVER, true) && $told['outcome_known'] && $told['amount_captured'] === 0;
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
        if ($latest === null) {
            $latest = $this->add($orderId, $orderReference, 1);
        } elseif (in_array($latest['status'], Decision::OVER, true)) {
            // An order that has a reference of its own keeps it, so that the bridge still sees one order.
            $latest = $this->add($orderId, $latest['order_reference'], (int) $latest['attempt'] + 1);
        }
        return $latest['payment_id'] === null ? $this->asked($latest) : $latest;
    }

    private function add(int $orderId, string $orderReference, int $number): array
    {
        $token = bin2hex(random_bytes(32));
        try {
            Mark::check($orderReference);
            list($store, $body) = $this->request($orderId, $token);
        } catch (\InvalidArgumentException $wrong) {
            throw $this->unsent($orderId, new UnsendableException('request_not_possible', $wrong->getMessage()));
        } catch (UnsendableException $wrong) {
            throw $this->unsent($orderId, $wrong);
        }
        $marked = ['order_reference' => $orderReference] + $body;
        $marked['metadata'] = [Mark::NAME => $token] + ($body['metadata'] ?? []);
        return $this->attempts->addAttempt([
            'order_id' => $orderId,
            'order_reference' => $orderReference,
            'store_id' => $store,
            'attempt' => $number,
            'token' => $token,
            'idempotency_key' => Row::newKey($orderReference, $number, $token),
            'body' => json_encode($marked, JSON_UNESCAPED_SLASHES),
            'amount' => $body['amount'],
            'currency' => $body['currency'],
        ]);
    }

    private function unsent(int $orderId, UnsendableException $refused): UnsendableException
    {
        $this->endOrder($orderId, $refused->detail());
        $this->shop->log('a payment cannot be asked for', ['why' => $refused->detail(), 'order' => $orderId]);
        return $refused;
    }

    private function answered(array $attempt): array
    {
        return $attempt['payment_id'] !== null ? $attempt : $this->withLock($attempt['order_reference'], function () use ($attempt) {
            return $this->asked($attempt);
        });
    }

    /** Ask for a payment, under the order's lock: a refusal ends the order, a reference that is taken is left. */
    private function asked(array $attempt): array
    {
        try {
            return $this->askAnyway($attempt);
        } catch (ForeignPaymentException $again) {
            throw new NoAnswerException('every reference of this order is taken: ' . $again->getMessage());
        } catch (ApiException $refused) {
            $this->close($attempt, $refused);
            throw $refused;
        }
    }

    private function askAnyway(array $attempt): array
    {
        try {
            return $this->ask($attempt);
        } catch (ForeignPaymentException $foreign) {
            return $this->ask($this->renamed($attempt, $foreign->payment()));
        }
    }

    private function ask(array $attempt): array
    {
        try {
            $payment = $this->clientOf($attempt)->createPayment(self::body($attempt), Row::key($attempt));
        } catch (ApiException $refused) {
            if ($refused->problemCode() !== 'payment_exists') {
                throw $refused;
            }
            $payment = $this->existing($attempt, (string) $refused->member('payment_id'));
        }
        $answer = [
            'payment_id' => $payment['id'],
            'checkout_url' => $payment['checkout']['url'] ?? null,
            'checkout_token' => $payment['checkout']['token'] ?? null,
        ];
        $this->attempts->changeAttempt((int) $attempt['id'], $answer);
        return $answer + $attempt;
    }

    private function existing(array $attempt, string $paymentId): array
    {
        try {
            $payment = $this->clientOf($attempt)->payment($paymentId);
        } catch (ApiException $odd) {
            throw new NoAnswerException('the payment that is said to exist is not shown', 0, $odd);
        }
        if (Mark::isOn($payment, $attempt['token'])) {
            return $payment;
        }
        foreach ($this->attempts->attempts((int) $attempt['order_id']) as $other) {
            if (Mark::isOn($payment, $other['token'])) {
                throw new BusyException('an earlier payment of this order is not over');
            }
        }
        throw new ForeignPaymentException($payment);
    }

    /** Leave a reference that somebody else's payment has taken, and tell the merchant; return the row as it is then. */
    private function renamed(array $attempt, array $foreign): array
    {
        $reference = Mark::reference($attempt['order_reference'], $attempt['token']);
        $body = ['order_reference' => $reference] + self::body($attempt);
        $body['metadata'] = [Mark::NAME => $attempt['token']] + ($body['metadata'] ?? []);
        $change = [
            'order_reference' => $reference,
            'idempotency_key' => Row::newKey($reference, (int) $attempt['attempt'], $attempt['token']),
            'body' => json_encode($body, JSON_UNESCAPED_SLASHES),
        ] + self::UNASKED;
        $this->attempts->inOneTransaction(function () use ($attempt, $change, $reference, $foreign) {
            $this->attempts->changeAttempt((int) $attempt['id'], $change);
            $this->tellForeign((int) $attempt['order_id'], $reference, $foreign);
        });
        return $change + $attempt;
    }

    /** Let a payment go that this order has taken for its own, as versions before this one did. */
    private function letGo(array $attempt): void
    {
        $this->withLock($attempt['order_reference'], function () use ($attempt) {
            $latest = $this->attempts->latestAttempt((int) $attempt['order_id']);
            $isStillIts = $latest !== null && $latest['payment_id'] === $attempt['payment_id'];
            if (!$isStillIts || !$this->isOpen((int) $attempt['order_id'])) {
                return;
            }
            try {
                $this->renamed($latest, $this->payment($latest));
            } catch (UnsendableException $refused) {
                $this->close($latest, $refused);
            }
        });
    }

    private function isOurs(array $attempt): bool
    {
        // What was asked for with a mark in `metadata` was compared before its payment was stored.
        return isset(self::body($attempt)['metadata'][Mark::NAME]) || Mark::isOn($this->payment($attempt), $attempt['token']);
    }

    /** Ask the bridge to give an attempt up; null is a refusal: it is over already, or paid. */
    private function cancelAtTheBridge(array $attempt): ?array
    {
        try {
            return $this->clientOf($attempt)->cancel($attempt['payment_id'], 'cancel-' . Row::key($attempt));
        } catch (ApiException $refused) {
            $this->shop->log('the bridge did not cancel', ['code' => $refused->problemCode()]);
            return null;
        }
    }

    private function cameToNothing(array $attempt): bool
    {
        return $attempt['payment_id'] === null && in_array($attempt['status'], Decision::OVER, true);
    }

    private function payment(array $attempt): array
    {
        return $this->clientOf($attempt)->payment($attempt['payment_id']);
    }

    private function clientOf(array $attempt): Client
    {
        return $this->client((int) $attempt['store_id']);
    }

    private static function body(array $attempt): array
    {
        $body = json_decode((string) $attempt['body'], true);
        if (!is_array($body)) {
            throw new UnsendableException('request_not_possible', 'The stored request cannot be read.');
        }
        return $body;
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

    private function tryFor($order, callable $work): ?\Throwable
    {
        try {
            $work($order);
            return null;
        } catch (\Throwable $failure) {
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
