<?php

namespace PaymentBridge\PrestaShop;

/**
 * What is done to orders of the shop. Every change looks first at what is done already, so it may be made again after
 * a crash; what PrestaShop's hooks do in between cannot be rolled back.
 */
class Orders
{
    /** @var Database */
    private $database;

    /** @var States */
    private $states;

    /** @var Surroundings */
    private $surroundings;

    /** @var Vouchers */
    private $vouchers;

    /** @var Mailing */
    private $mailing;

    /** @var string what customers read as payment method on their invoice */
    private $name;

    /** @var bool whether it is the module itself that changes an order just now */
    private $isChanging = false;

    public function __construct(
        Database $database,
        States $states,
        Surroundings $surroundings,
        Vouchers $vouchers,
        Mailing $mailing,
        string $name
    ) {
        $this->database = $database;
        $this->states = $states;
        $this->surroundings = $surroundings;
        $this->vouchers = $vouchers;
        $this->mailing = $mailing;
        $this->name = $name;
    }

    /**
     * Return what was ordered together with this order, or null if there is none (any more).
     */
    public function with(int $orderId): ?PlacedOrder
    {
        $cart = $this->database->value('SELECT id_cart FROM {orders} WHERE id_order = ?', [$orderId]);
        return $cart === null ? null : $this->ofCart((int) $cart);
    }

    /**
     * Return what was ordered with a cart, or null.
     */
    public function ofCart(int $cartId): ?PlacedOrder
    {
        $rows = $cartId === 0 ? [] : $this->database->rows(
            'SELECT o.id_order, o.reference, o.id_shop, o.id_cart, o.id_customer, o.id_lang, o.secure_key, o.module,
                o.total_paid, o.current_state, c.iso_code AS currency,
                (SELECT COUNT(*) FROM {order_history} h JOIN {order_state} s ON s.id_order_state = h.id_order_state
                    WHERE h.id_order = o.id_order AND s.paid = 1) AS was_paid
            FROM {orders} o JOIN {currency} c ON c.id_currency = o.id_currency
            WHERE o.id_cart = ? ORDER BY o.id_order',
            [$cartId]
        );
        return $rows ? new PlacedOrder($rows, $this->states) : null;
    }

    /**
     * Return orders that wait for money and of which the bridge was never asked.
     *
     * @return string[] ids
     */
    public function neverAsked(int $minutes, int $most): array
    {
        $rows = $this->database->rows(
            'SELECT MIN(o.id_order) AS id FROM {orders} o
            WHERE o.module = ? AND o.current_state IN (?, ?) AND o.date_add < ? AND NOT EXISTS (
                SELECT 1 FROM {payment_bridge_attempt} a JOIN {orders} p ON p.id_order = a.order_id WHERE p.id_cart = o.id_cart
            ) GROUP BY o.id_cart ORDER BY id LIMIT ?',
            // PrestaShop writes its orders' times in the shop's time zone.
            [Config::MODULE, $this->states->waiting(), $this->states->outOfStock(), date('Y-m-d H:i:s', time() - 60 * $minutes), $most]
        );
        return array_column($rows, 'id');
    }

    /**
     * Return the id of the payment that paid an order, as the shop's books have it.
     *
     * @param string[] $paymentIds those that it may be
     */
    public function paidBy(PlacedOrder $placed, array $paymentIds): ?string
    {
        // Before 9 PrestaShop keeps nine letters of it.
        $sql = 'SELECT transaction_id FROM {order_payment} WHERE order_reference IN (?, ?)';
        foreach ($this->database->rows($sql, [$placed->reference(), mb_substr($placed->reference(), 0, 9)]) as $row) {
            if (in_array($row['transaction_id'], $paymentIds, true)) {
                return $row['transaction_id'];
            }
        }
        return null;
    }

    /**
     * Book the money once, and put each order into the paid state; the mails come with Mailing.
     *
     * @param string $amount decimal text in the order's currency
     */
    public function pay(PlacedOrder $placed, string $paymentId, string $amount): void
    {
        $this->surroundings->during($placed, function () use ($placed, $paymentId, $amount) {
            if ($this->paidBy($placed, [$paymentId]) === null) {
                $order = $this->fresh($placed->id());
                $order->addOrderPayment($amount, $this->name, $paymentId, new \Currency((int) $order->id_currency));
            }
            foreach ($placed->unpaid() as $orderId) {
                $this->change($orderId, $this->states->paid($placed->shop()));
            }
        });
    }

    /**
     * Cancel the orders that still wait; stock and vouchers go back. What a merchant has changed by hand stays.
     */
    public function cancel(PlacedOrder $placed): void
    {
        $this->surroundings->during($placed, function () use ($placed) {
            foreach ($placed->waiting() as $orderId) {
                $this->vouchers->giveBack($orderId);
                $this->change($orderId, $this->states->canceled());
            }
        });
    }

    /**
     * Say on the orders that all of the money was given back.
     */
    public function closeRefunded(PlacedOrder $placed): void
    {
        $this->surroundings->during($placed, function () use ($placed) {
            foreach ($placed->ids() as $orderId) {
                $this->change($orderId, $this->states->refunded());
            }
        });
    }

    /**
     * Tell whether it is the module itself that changes an order just now.
     */
    public function isChanging(): bool
    {
        return $this->isChanging;
    }

    private function change(int $orderId, int $state): void
    {
        $order = $this->fresh($orderId);
        if ((int) $order->current_state === $state && $this->wasIn($orderId, $state)) {
            return;
        }
        $history = new \OrderHistory();
        $history->id_order = $orderId;
        $before = $this->isChanging;
        $this->isChanging = true;
        try {
            // "true": the money is booked already, PrestaShop is not to book it again.
            $history->changeIdOrderState($state, $order, true);
            $history->add(true);
        } finally {
            $this->isChanging = $before;
        }
        $this->mailing->remember((int) $history->id, $orderId);
        if (method_exists('Order', 'cleanHistoryCache')) { // since 1.7.7
            \Order::cleanHistoryCache();
        }
    }

    /**
     * Tell whether the history has a state: without it a change to that state broke off, in a hook of another module.
     */
    private function wasIn(int $orderId, int $state): bool
    {
        $sql = 'SELECT 1 FROM {order_history} WHERE id_order = ? AND id_order_state = ?';
        return $this->database->value($sql, [$orderId, $state]) !== null;
    }

    private function fresh(int $orderId): \Order
    {
        \Cache::clean('objectmodel_Order_' . $orderId . '_*');
        return new \Order($orderId);
    }
}
