<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Framework\App\ResourceConnection;
use PaymentBridge\Core\Attempts;

/**
 * The module's three tables: attempts, applied events, refunds. Amounts in minor units.
 */
class Tables implements Attempts
{
    private const ATTEMPT = 'payment_bridge_attempt';
    private const EVENT = 'payment_bridge_event';
    private const REFUND = 'payment_bridge_refund';

    public function __construct(private ResourceConnection $resource)
    {
    }

    /**
     * Do all of it or none of it.
     */
    public function inOneTransaction(callable $work): void
    {
        $db = $this->resource->getConnection();
        $db->beginTransaction();
        try {
            $work();
            $db->commit();
        } catch (\Throwable $failure) {
            $db->rollBack();
            throw $failure;
        }
    }

    /**
     * Store an attempt before the bridge hears of it; returns the row.
     */
    public function addAttempt(array $row): array
    {
        $this->resource->getConnection()->insert($this->name(self::ATTEMPT), $row);
        return $this->attemptByToken($row['token']);
    }

    public function changeAttempt(int $id, array $change): void
    {
        $this->resource->getConnection()->update($this->name(self::ATTEMPT), $change, ['id = ?' => $id]);
    }

    public function attemptByToken(string $token): ?array
    {
        return $this->attempt('token = ?', $token);
    }

    public function attemptByPayment(string $paymentId): ?array
    {
        return $this->attempt('payment_id = ?', $paymentId);
    }

    /**
     * Return an order's attempt whose answer was lost: it has no payment id yet.
     */
    public function attemptWithoutAnswer(string $orderReference): ?array
    {
        return $this->attempt('payment_id IS NULL AND order_reference = ?', $orderReference);
    }

    public function latestAttempt(int $orderId): ?array
    {
        return $this->attempt('order_id = ?', $orderId);
    }

    public function attempts(int $orderId): array
    {
        $db = $this->resource->getConnection();
        $select = $db->select()->from($this->name(self::ATTEMPT))->where('order_id = ?', $orderId)->order('id DESC');
        return $db->fetchAll($select);
    }

    /**
     * Return the id of the payment that paid an order.
     */
    public function paidBy(int $orderId): ?string
    {
        $row = $this->attempt('paid = 1 AND order_id = ?', $orderId);
        return $row === null ? null : $row['payment_id'];
    }

    /**
     * Give rows whose order reference was cut at 32 characters the whole number again. What was decided about a payment of
     * an unpaid one is decided again: it was compared with half a number.
     */
    public function mendCutReferences(): void
    {
        $this->resource->getConnection()->query(sprintf(
            'UPDATE %s a JOIN %s o ON o.entity_id = a.order_id
            SET a.sequence = IF(a.paid = 1, a.sequence, 0), a.order_reference = o.increment_id
            WHERE CHAR_LENGTH(a.order_reference) = 32 AND CHAR_LENGTH(o.increment_id) > 32
            AND LEFT(o.increment_id, 32) = a.order_reference',
            $this->name(self::ATTEMPT),
            $this->name('sales_order')
        ));
    }

    /**
     * Return attempts that nobody has heard of for a while, oldest first.
     */
    public function quietAttempts(array $statuses, int $minutes, int $most): array
    {
        $db = $this->resource->getConnection();
        $select = $db->select()->from($this->name(self::ATTEMPT))
            ->where('status IN (?)', $statuses)
            ->where('updated_at < DATE_SUB(CURRENT_TIMESTAMP, INTERVAL ? MINUTE)', $minutes)
            ->order('id ASC')->limit($most);
        return $db->fetchAll($select);
    }

    /**
     * Return ids of unpaid orders for which the bridge was never asked.
     */
    public function ordersNeverAsked(array $methods, int $minutes, int $most): array
    {
        $db = $this->resource->getConnection();
        $select = $db->select()->from(['o' => $this->name('sales_order')], ['entity_id'])
            ->join(['p' => $this->name('sales_order_payment')], 'p.parent_id = o.entity_id', [])
            ->joinLeft(['a' => $this->name(self::ATTEMPT)], 'a.order_id = o.entity_id', [])
            ->where('p.method IN (?)', $methods)->where('o.state = ?', 'pending_payment')->where('a.id IS NULL')
            ->where('o.created_at < DATE_SUB(CURRENT_TIMESTAMP, INTERVAL ? MINUTE)', $minutes)
            ->limit($most);
        return $db->fetchCol($select);
    }

    public function hasEvent(string $eventId): bool
    {
        $db = $this->resource->getConnection();
        $select = $db->select()->from($this->name(self::EVENT), ['event_id'])->where('event_id = ?', $eventId);
        return $db->fetchOne($select) !== false;
    }

    public function addEvent(string $eventId, string $paymentId, string $decision): void
    {
        $row = ['event_id' => $eventId, 'payment_id' => $paymentId, 'decision' => $decision];
        $this->resource->getConnection()->insert($this->name(self::EVENT), $row);
    }

    public function lastEventTime(): string
    {
        $db = $this->resource->getConnection();
        return (string) $db->fetchOne($db->select()->from($this->name(self::EVENT), ['MAX(applied_at)']));
    }

    /**
     * Remember a refund in the transaction of its credit memo: a row is there if and only if the memo is, or money was
     * given back without one.
     */
    public function addRefund(string $refundId, string $paymentId, string $reference, int $amount): void
    {
        $row = ['refund_id' => $refundId, 'payment_id' => $paymentId, 'reference' => $reference, 'amount' => $amount];
        $this->resource->getConnection()->insert($this->name(self::REFUND), $row);
    }

    /**
     * Return the sum of a payment's refunds as the shop has it: of credit memos, and of money given back without one.
     */
    public function returned(string $paymentId): int
    {
        $db = $this->resource->getConnection();
        $select = $db->select()->from($this->name(self::REFUND), ['SUM(amount)'])->where('payment_id = ?', $paymentId);
        return (int) $db->fetchOne($select);
    }

    /**
     * Return the refunds of a payment as the shop has them: `refund_id`, `reference`, `amount`.
     */
    public function refunds(string $paymentId): array
    {
        $db = $this->resource->getConnection();
        return $db->fetchAll($db->select()->from($this->name(self::REFUND))->where('payment_id = ?', $paymentId)->order('created_at'));
    }

    /**
     * Remember a refund in the place of those of the same reference, which have failed.
     */
    public function replaceRefund(string $refundId, string $paymentId, string $reference, int $amount): void
    {
        $this->resource->getConnection()->delete($this->name(self::REFUND), ['reference = ?' => $reference]);
        $this->addRefund($refundId, $paymentId, $reference, $amount);
    }

    /**
     * Return what an order's payment has refunded as the database has it now, and keep others from changing it until
     * the transaction ends.
     */
    public function refundedForUpdate(int $paymentRowId): string
    {
        $db = $this->resource->getConnection();
        $select = $db->select()->from($this->name('sales_order_payment'), ['amount_refunded'])
            ->where('entity_id = ?', $paymentRowId)->forUpdate(true);
        return (string) $db->fetchOne($select);
    }

    private function attempt(string $where, string|int $value): ?array
    {
        $db = $this->resource->getConnection();
        $select = $db->select()->from($this->name(self::ATTEMPT))->where($where, $value)->order('id DESC')->limit(1);
        return $db->fetchRow($select) ?: null;
    }

    private function name(string $table): string
    {
        return $this->resource->getTableName($table);
    }
}
