<?php

namespace PaymentBridge\Core;

/**
 * Refunds once: the key is computed from what the shop has committed, so a retry after a rollback, a timeout or a
 * crash has the same key, while a second equal partial refund has another.
 *
 * A new try after a definitive refusal needs a new key, because the bridge would replay the refusal. How many
 * refusals there were is not remembered here but read from the bridge: they carry our reference.
 */
final class RefundGuard
{
    public const REFUSED = ['failed', 'canceled'];

    /** @var Client */
    private $client;

    public function __construct(Client $client)
    {
        $this->client = $client;
    }

    /**
     * Return the reference of one refund intent.
     *
     * @param string $orderReference
     * @param string $paymentId
     * @param string $refundedBefore what the SHOP has refunded and committed so far: never the bridge's sum
     * @param int $amount minor units
     * @param string $currency
     * @return string 64 letters
     */
    public static function reference($orderReference, $paymentId, $refundedBefore, $amount, $currency)
    {
        $intent = [(string) $orderReference, (string) $paymentId, (string) $refundedBefore, (int) $amount, $currency];
        return hash('sha256', json_encode($intent));
    }

    /**
     * Refund and return the refund as the bridge shows it: `succeeded`, or `pending` with a known outcome.
     *
     * Throws RefundFailedException, RefundUnknownException. How much is left is the bridge's to say: a check here
     * would stop the retry of a refund whose answer was lost.
     *
     * @param string $paymentId
     * @param string $reference of reference()
     * @param int $amount minor units
     * @param string $reason the same on every try
     * @return array<string, mixed>
     */
    public function refund($paymentId, $reference, $amount, $reason)
    {
        if (!is_int($amount) || $amount < 1) {
            throw new RefundFailedException('There is nothing to refund.');
        }
        try {
            $key = $reference . '-' . $this->refusals($paymentId, $reference);
            $body = ['amount' => $amount, 'reason' => $reason, 'refund_reference' => $reference];
            return self::judge($this->client->refund($paymentId, $body, $key));
        } catch (ApiException $refused) {
            throw new RefundFailedException($refused->detail(), $refused->status(), $refused);
        } catch (NoAnswerException $silence) {
            throw new RefundUnknownException($silence->getMessage(), 0, $silence);
        }
    }

    private static function judge(array $refund)
    {
        $status = isset($refund['status']) ? $refund['status'] : '';
        if (in_array($status, self::REFUSED, true)) {
            $message = isset($refund['failure']['message']) ? $refund['failure']['message'] : 'The refund was refused.';
            throw new RefundFailedException($message);
        }
        if (empty($refund['outcome_known']) || !in_array($status, ['succeeded', 'pending'], true)) {
            throw new RefundUnknownException('The provider has not confirmed the refund yet.');
        }
        return $refund;
    }

    /**
     * Return the references of a payment's refunds that were not refused: done, on their way, or in doubt.
     *
     * @param string $paymentId
     * @return string[]
     */
    public function alive($paymentId)
    {
        $references = [];
        foreach ($this->all($paymentId) as $refund) {
            if (!in_array($refund['status'], self::REFUSED, true) && isset($refund['refund_reference'])) {
                $references[] = $refund['refund_reference'];
            }
        }
        return array_values(array_unique($references));
    }

    private function refusals($paymentId, $reference)
    {
        $count = 0;
        foreach ($this->all($paymentId) as $refund) {
            $ours = isset($refund['refund_reference']) && $refund['refund_reference'] === $reference;
            $count += $ours && in_array($refund['status'], self::REFUSED, true) ? 1 : 0;
        }
        return $count;
    }

    private function all($paymentId)
    {
        $all = [];
        $cursor = null;
        do {
            $page = $this->client->refunds($paymentId, $cursor);
            $all = array_merge($all, isset($page['data']) ? $page['data'] : []);
            $cursor = isset($page['next_cursor']) ? $page['next_cursor'] : null;
        } while ($cursor !== null);
        return $all;
    }
}
