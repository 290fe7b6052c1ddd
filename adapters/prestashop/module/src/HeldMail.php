<?php

namespace PaymentBridge\PrestaShop;

/**
 * The order's confirmation, kept back until the order is paid, where the merchant wants it so.
 *
 * PrestaShop makes this mail only while it places the order; so its parts are kept in the shop's own database, beside
 * the order that they are about, and go with the mail, or with the end of the order.
 */
class HeldMail
{
    private const TABLE = 'payment_bridge_mail';
    private const TEMPLATE = 'order_conf';

    /** @var Database */
    private $database;

    /** @var Claims */
    private $claims;

    /** @var Surroundings */
    private $surroundings;

    /** @var bool whether the order that is being placed just now has its mail kept back */
    private $isHolding = false;

    public function __construct(Database $database, Claims $claims, Surroundings $surroundings)
    {
        $this->database = $database;
        $this->claims = $claims;
        $this->surroundings = $surroundings;
    }

    /**
     * Place an order with its confirmation kept back.
     */
    public function holding(callable $place): void
    {
        $this->isHolding = true;
        try {
            $place();
        } finally {
            $this->isHolding = false;
        }
    }

    /**
     * Keep a mail that PrestaShop is about to send; false if it is none of ours to keep.
     *
     * @param array<string, mixed> $mail the parameters of the hook actionEmailSendBefore
     */
    public function keep(array $mail): bool
    {
        $orderId = (int) ($mail['templateVars']['{id_order}'] ?? 0);
        if (!$this->isHolding || ($mail['template'] ?? '') !== self::TEMPLATE || $orderId === 0) {
            return false;
        }
        $kept = array_intersect_key($mail, array_flip(['idLang', 'subject', 'templateVars', 'to', 'toName', 'idShop']));
        $json = json_encode($kept, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
        if ($json === false) {
            return false;
        }
        try {
            $this->database->insert(self::TABLE, ['order_id' => $orderId, 'mail' => $json]);
        } catch (\RuntimeException $refused) {
            return false; // better a mail too early than an order that cannot be placed
        }
        return true;
    }

    /**
     * Send what was kept for these orders, once; false while somebody else sends it. What is thrown on the way leaves it kept.
     */
    public function send(PlacedOrder $placed): bool
    {
        $isAllSent = true;
        foreach ($placed->ids() as $orderId) {
            $json = $this->database->value('SELECT mail FROM {payment_bridge_mail} WHERE order_id = ?', [$orderId]);
            $isSent = $json === null || $this->claims->once(self::TABLE, 'order_id', $orderId, function () use ($placed, $json) {
                $this->surroundings->during($placed, function () use ($json) {
                    $this->post(json_decode($json, true));
                });
            });
            $isAllSent = $isAllSent && $isSent;
        }
        return $isAllSent;
    }

    /**
     * Forget what was kept for these orders.
     */
    public function drop(PlacedOrder $placed): void
    {
        foreach ($placed->ids() as $orderId) {
            $this->database->run('DELETE FROM {payment_bridge_mail} WHERE order_id = ?', [$orderId]);
        }
    }

    private function post(array $mail): void
    {
        \Mail::send(
            (int) $mail['idLang'],
            self::TEMPLATE,
            (string) $mail['subject'],
            $mail['templateVars'],
            $mail['to'],
            $mail['toName'],
            null,
            null,
            null,
            null,
            _PS_MAIL_DIR_,
            false,
            (int) $mail['idShop']
        );
    }
}
