<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\ApiException;
use PaymentBridge\Core\Client;
use PaymentBridge\Core\NoAnswerException;

/**
 * The bridge in memory: payments by key, refunds by key, each done once, one open payment for each reference; it can lose
 * its answers.
 */
final class PaperBridge extends Client
{
    private const TAKEN = ['created', 'pending', 'authorized', 'paid'];

    public $payments = [];
    public $refunds = [];
    public $asked = [];
    public $keys = [];
    public $loses = 0; // this many answers, after the work is done
    public $losesAfter = null; // one answer, after so many that arrive
    public $refuses = null; // [status, problem]
    public $refundStatus = 'succeeded';
    /** @var string|null what became of the refunds since their answers */
    public $refundsNow;
    public $outcomeKnown = true;

    public function has(array $payment)
    {
        $this->payments[$payment['id']] = $payment;
    }

    public function createPayment(array $body, $key)
    {
        $this->asked[] = ['create', $key, $body];
        $this->refuse();
        if (!Client::isKey($key) || preg_match('/\A.{1,64}\z/us', $body['order_reference'] ?? '') !== 1) {
            throw new \LogicException('the bridge itself would have to refuse this');
        }
        if (!isset($this->keys[$key])) {
            $this->refuseSecond($body['order_reference']);
            $id = 'pay_' . (count($this->payments) + 1);
            $this->keys[$key] = $id;
            $this->has($body + self::blank() + ['id' => $id]);
        }
        return $this->say($this->payments[$this->keys[$key]]);
    }

    public function payment($id)
    {
        $this->asked[] = ['payment', $id];
        if (!isset($this->payments[$id])) {
            throw new ApiException(404, ['code' => 'not_found']);
        }
        return $this->say($this->payments[$id]);
    }

    public function cancel($paymentId, $key)
    {
        $this->asked[] = ['cancel', $paymentId];
        $this->refuse();
        $this->payments[$paymentId] = ['status' => 'canceled', 'sequence' => 9] + $this->payments[$paymentId];
        return $this->say($this->payments[$paymentId]);
    }

    public function refund($paymentId, array $body, $key)
    {
        $this->asked[] = ['refund', $key, $body];
        $this->refuse();
        if (!isset($this->refunds[$key])) {
            $id = 'ref_' . (count($this->refunds) + 1);
            $this->refunds[$key] = $body + ['id' => $id, 'status' => $this->refundStatus, 'outcome_known' => $this->outcomeKnown];
        }
        return $this->say($this->refunds[$key]);
    }

    public function refunds($paymentId, $cursor = null)
    {
        return ['data' => array_values($this->refunds), 'next_cursor' => null];
    }

    public function oneRefund($refundId)
    {
        $refund = array_column($this->refunds, null, 'id')[$refundId];
        return $this->refundsNow === null ? $refund : ['status' => $this->refundsNow] + $refund;
    }

    public static function blank()
    {
        return ['status' => 'created', 'sequence' => 1, 'outcome_known' => true, 'amount_captured' => 0, 'amount_refunded' => 0,
            'amount_refund_pending' => 0, 'checkout' => ['url' => 'https://bridge.example/checkout/chk_1', 'token' => 'chk_1']];
    }

    private function say(array $answer)
    {
        if ($this->losesAfter !== null && $this->losesAfter-- === 0) {
            $this->losesAfter = null;
            throw new NoAnswerException('lost');
        }
        if ($this->loses > 0) {
            $this->loses--;
            throw new NoAnswerException('lost');
        }
        return $answer;
    }

    private function refuseSecond($reference)
    {
        foreach ($this->payments as $id => $payment) {
            if ($payment['order_reference'] === $reference && in_array($payment['status'], self::TAKEN, true)) {
                throw new ApiException(409, ['code' => 'payment_exists', 'payment_id' => $id]);
            }
        }
    }

    private function refuse()
    {
        if ($this->refuses !== null) {
            throw new ApiException($this->refuses[0], $this->refuses[1]);
        }
    }
}
