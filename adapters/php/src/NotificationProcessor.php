<?php

namespace PaymentBridge\Core;

/**
 * One way for all that a shop learns about a payment: notification, return page and cron end here.
 *
 * The event is a trigger; what is applied is what the bridge answers when it is asked for the payment, at the address
 * that the merchant configured. So a forged or old event cannot move an order even if its signature were good.
 */
final class NotificationProcessor
{
    public const LARGEST = 262144; // bytes
    public const DEEPEST = 32;
    public const NUMBERS = ['amount', 'sequence', 'amount_captured', 'amount_refunded', 'amount_refund_pending'];
    public const TEXTS = ['id', 'order_reference', 'status', 'currency'];

    /** @var Shop */
    private $shop;

    /** @var callable(string, array): array */
    private $fetch;

    /**
     * Take the shop and what fetches a payment by its id: [$client, 'payment']. It gets the facts too, for shops that
     * have several accounts.
     */
    public function __construct(Shop $shop, callable $fetch)
    {
        $this->shop = $shop;
        $this->fetch = $fetch;
    }

    /**
     * Take a notification as it came; return the HTTP status to answer, with an empty body.
     *
     * 204 applied, repeated, older or not ours; 400 malformed; 401 not proven; 405, 413; 503 not now, and 500 when the shop
     * failed in the middle: the bridge sends it again. A shop's own code that ends the script is a 500, too.
     *
     * @param string $method of the request
     * @param array<string, string> $headers
     * @param string $body the raw bytes
     * @param string[] $secrets
     * @param int $now Unix seconds
     * @return int
     */
    public function take($method, array $headers, $body, array $secrets, $now)
    {
        $isAnswered = false;
        $this->answerIfTheScriptEnds($isAnswered);
        try {
            return $this->answer($method, $headers, $body, $secrets, $now);
        } catch (RefusedException $refused) {
            return $refused->getCode();
        } catch (BusyException $busy) {
            return 503;
        } catch (BridgeException $failure) {
            $this->shop->log('a payment could not be fetched', ['reason' => Redactor::text($failure->getMessage())]);
            return 503;
        } catch (\Throwable $failure) {
            $this->shop->log('a notification could not be applied', ['reason' => self::told($failure)]);
            return 500;
        } finally {
            $isAnswered = true;
        }
    }

    /**
     * Ask the bridge about a payment and apply what it says; return the decision.
     *
     * Throws BridgeException if it cannot be asked, BusyException if somebody else works on the order.
     *
     * @param string $paymentId
     * @param string $orderReference
     * @return string
     */
    public function learn($paymentId, $orderReference)
    {
        list($decision, $payment) = $this->settle($paymentId, $orderReference, null);
        $this->isFinished($decision, $payment);
        return $decision;
    }

    private function answer($method, array $headers, $body, array $secrets, $now)
    {
        $event = self::read($method, $headers, $body, $secrets, $now);
        if ($event['payment'] === null) {
            return 204;
        }
        list($decision, $payment) = $this->settle($event['payment']['id'], $event['payment']['order_reference'], $event);
        return $this->isFinished($decision, $payment) ? 204 : 500;
    }

    /**
     * Decide and apply under the order's lock; return the decision and the payment, or null if it is not this shop's.
     */
    private function settle($paymentId, $orderReference, $event)
    {
        if (!$this->shop->lock($orderReference)) {
            throw new BusyException('somebody else works on this order');
        }
        try {
            if ($event !== null && $this->shop->isDone($event['id'])) {
                return [Decision::NOTHING, $event['payment']];
            }
            $facts = $this->shop->facts($paymentId, $orderReference);
            if ($facts === null) {
                $this->shop->log('a notification is about no payment of this shop', ['payment' => $paymentId]);
                return [Decision::NOTHING, null];
            }
            $payment = $this->fetched($paymentId, $facts, $event === null ? 0 : $event['sequence']);
            $decision = Decision::of($facts, $payment);
            if ($decision === Decision::FOREIGN) {
                $this->shop->log('a payment is not of the order that it names', ['payment' => $paymentId]);
                return [$decision, null];
            }
            $this->shop->apply($decision, $payment, $event === null ? null : $event['id']);
            return [$decision, $payment];
        } finally {
            $this->shop->unlock($orderReference);
        }
    }

    private function fetched($paymentId, array $facts, $atLeast)
    {
        $payment = self::payment(call_user_func($this->fetch, $paymentId, $facts));
        if ($payment === null || $payment['id'] !== $paymentId || $payment['sequence'] < $atLeast) {
            throw new NoAnswerException('the payment as fetched is not what was told');
        }
        return $payment;
    }

    private function isFinished($decision, $payment)
    {
        if ($payment === null) {
            return true;
        }
        try {
            $this->shop->afterwards($decision, $payment);
            return true;
        } catch (\Throwable $failure) {
            $this->shop->log('what follows a change failed', ['reason' => self::told($failure)]);
            return false;
        }
    }

    private static function told(\Throwable $failure)
    {
        return get_class($failure) . ': ' . Redactor::text($failure->getMessage());
    }

    /**
     * Have 500 answered, and a line logged, should the shop's own code end the script: it would be 200 by itself, and the
     * bridge would not send the notification again.
     */
    private function answerIfTheScriptEnds(&$isAnswered)
    {
        if (!headers_sent()) {
            http_response_code(500);
        }
        register_shutdown_function(function () use (&$isAnswered) {
            if ($isAnswered) {
                return;
            }
            if (!headers_sent()) {
                http_response_code(500);
            }
            $error = error_get_last();
            $reason = $error === null ? 'the script ended' : $error['message'];
            $this->shop->log('a notification was cut off', ['reason' => Redactor::text($reason)]);
        });
    }

    private static function read($method, array $headers, $body, array $secrets, $now)
    {
        if ($method !== 'POST') {
            throw new RefusedException('only POST', 405);
        }
        if (strlen($body) > self::LARGEST) {
            throw new RefusedException('too large', 413);
        }
        Signature::verify($headers, $body, $secrets, $now);
        $told = json_decode($body, true, self::DEEPEST);
        if (!is_array($told) || !self::isText($told, 'id') || !self::isText($told, 'type')) {
            throw new RefusedException('not a notification', 400);
        }
        $data = isset($told['data']) && is_array($told['data']) ? $told['data'] : [];
        $payment = isset($data['payment']) ? self::payment($data['payment']) : null;
        if (isset($data['payment']) && $payment === null) {
            throw new RefusedException('the payment is incomplete', 400);
        }
        $sequence = isset($told['sequence']) && is_int($told['sequence']) ? $told['sequence'] : 0;
        return ['id' => $told['id'], 'payment' => $payment, 'sequence' => $sequence];
    }

    private static function payment($told)
    {
        if (!is_array($told) || !isset($told['outcome_known']) || !is_bool($told['outcome_known'])) {
            return null;
        }
        foreach (self::TEXTS as $name) {
            if (!self::isText($told, $name)) {
                return null;
            }
        }
        foreach (self::NUMBERS as $name) {
            if (!isset($told[$name]) || !is_int($told[$name]) || $told[$name] < 0) {
                return null;
            }
        }
        return $told;
    }

    private static function isText(array $told, $name)
    {
        return isset($told[$name]) && is_string($told[$name]) && $told[$name] !== '' && strlen($told[$name]) <= 255;
    }
}
