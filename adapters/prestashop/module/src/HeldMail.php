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
    private const TEMPLATE = 'order_conf';

    /** @var Database */
    private $database;

    /** @var Surroundings */
    private $surroundings;

    /** @var bool whether the order that is being placed just now has its mail kept back */
    private $isHolding = false;

    public function __construct(Database $database, Surroundings $surroundings)
    {
        $this->database = $database;
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
        $this->database->insert('payment_bridge_mail', ['order_id' => $orderId, 'mail' => $json]);
        return true;
    }

    /**
     * Send what was kept for these orders, once.
     */
    public function send(PlacedOrder $placed): void
    {
        foreach ($placed->ids() as $orderId) {
            $json = $this->database->value('SELECT mail FROM {payment_bridge_mail} WHERE order_id = ?', [$orderId]);
            $mail = $json === null ? null : json_decode($json, true);
            if (is_array($mail) && $this->forget($orderId)) {
                $this->surroundings->during($placed, function () use ($mail) {
                    $this->post($mail);
                });
            }
        }
    }

    /**
     * Forget what was kept for these orders.
     */
    public function drop(PlacedOrder $placed): void
    {
        foreach ($placed->ids() as $orderId) {
            $this->forget($orderId);
        }
    }

    private function forget(int $orderId): bool
    {
        return $this->database->run('DELETE FROM {payment_bridge_mail} WHERE order_id = ?', [$orderId]) === 1;
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
