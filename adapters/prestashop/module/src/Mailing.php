<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\BusyException;

/**
 * The mails that follow a change of an order: PrestaShop's own for the new state, and the confirmation that was kept back.
 *
 * Each is stored until it is sent, because what it needs (PrestaShop makes the invoice for it) may fail long after the money
 * was booked. It goes once; a mail that failed goes when the notification is repeated, or with the cron job.
 */
class Mailing
{
    private const TABLE = 'payment_bridge_due_mail';

    /** @var Database */
    private $database;

    /** @var Claims */
    private $claims;

    /** @var Surroundings */
    private $surroundings;

    /** @var HeldMail */
    private $heldMail;

    /** @var Log */
    private $log;

    public function __construct(Database $database, Claims $claims, Surroundings $surroundings, HeldMail $heldMail, Log $log)
    {
        $this->database = $database;
        $this->claims = $claims;
        $this->surroundings = $surroundings;
        $this->heldMail = $heldMail;
        $this->log = $log;
    }

    /**
     * Remember that the mail of a state is due.
     *
     * @param int $historyId the row of PrestaShop's history of the order
     */
    public function remember(int $historyId, int $orderId): void
    {
        $this->database->insert(self::TABLE, ['history_id' => $historyId, 'order_id' => $orderId]);
    }

    /**
     * Send what is due for these orders. Throws what a mail throws, and BusyException while somebody else sends one.
     */
    public function send(PlacedOrder $placed): void
    {
        $isAllSent = true;
        if ($placed->state() === PlacedOrder::PAID) {
            $isAllSent = $this->heldMail->send($placed);
        } elseif ($placed->state() === PlacedOrder::CANCELED) {
            $this->heldMail->drop($placed);
        }
        foreach ($this->due($placed) as $historyId) {
            $isSent = $this->claims->once(self::TABLE, 'history_id', $historyId, function () use ($placed, $historyId) {
                $this->surroundings->during($placed, static function () use ($historyId) {
                    $history = new \OrderHistory($historyId);
                    $history->sendEmail(new \Order((int) $history->id_order), false);
                });
            });
            $isAllSent = $isAllSent && $isSent;
        }
        if (!$isAllSent) {
            throw new BusyException('somebody else sends the mails of this order');
        }
    }

    /**
     * Send what is due where nobody can do anything about a failure: it is logged, and the mail stays due.
     */
    public function sendIfPossible(PlacedOrder $placed): void
    {
        try {
            $this->send($placed);
        } catch (\Throwable $failure) {
            $this->log->note('a mail could not be sent', ['order' => $placed->reference(), 'why' => $failure->getMessage()]);
        }
    }

    /**
     * Return the ids of orders whose mails have been due for a while.
     *
     * @return string[]
     */
    public function overdue(int $minutes, int $most): array
    {
        $sql = 'SELECT order_id FROM {payment_bridge_due_mail} WHERE created_at < CURRENT_TIMESTAMP - INTERVAL ? MINUTE
            UNION SELECT m.order_id FROM {payment_bridge_mail} m
                JOIN {order_history} h ON h.id_order = m.order_id JOIN {order_state} s ON s.id_order_state = h.id_order_state
                WHERE s.paid = 1 AND m.created_at < CURRENT_TIMESTAMP - INTERVAL ? MINUTE
            ORDER BY order_id LIMIT ?';
        return array_column($this->database->rows($sql, [$minutes, $minutes, $most]), 'order_id');
    }

    private function due(PlacedOrder $placed): array
    {
        $due = [];
        foreach ($placed->ids() as $orderId) {
            $sql = 'SELECT history_id FROM {payment_bridge_due_mail} WHERE order_id = ? ORDER BY history_id';
            $due = array_merge($due, array_column($this->database->rows($sql, [$orderId]), 'history_id'));
        }
        return array_map('intval', $due);
    }
}
