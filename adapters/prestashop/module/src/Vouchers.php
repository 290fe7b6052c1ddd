<?php

namespace PaymentBridge\PrestaShop;

/**
 * Vouchers of an order that is canceled: PrestaShop counts them as used when an order is placed, and never back.
 */
class Vouchers
{
    /** @var Database */
    private $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    /**
     * Give the uses of an order's vouchers back: for everybody, and for this customer.
     */
    public function giveBack(int $orderId): void
    {
        $sql = 'SELECT ocr.*, cr.code, cr.partial_use, o.id_customer, o.id_cart FROM {order_cart_rule} ocr
            JOIN {cart_rule} cr ON cr.id_cart_rule = ocr.id_cart_rule JOIN {orders} o ON o.id_order = ocr.id_order
            WHERE ocr.id_order = ?';
        foreach ($this->database->rows($sql, [$orderId]) as $use) {
            if (empty($use['deleted']) && $this->takeRestBack($use)) {
                $this->giveUseBack($use);
            }
        }
    }

    /**
     * Return the vouchers of an order.
     *
     * @return int[]
     */
    public function ofOrder(int $orderId): array
    {
        $rows = $this->database->rows('SELECT id_cart_rule FROM {order_cart_rule} WHERE id_order = ?', [$orderId]);
        return array_map('intval', array_column($rows, 'id_cart_rule'));
    }

    private function giveUseBack(array $use): void
    {
        if (!$this->isInEarlierOrder($use)) {
            $this->database->run('UPDATE {cart_rule} SET quantity = quantity + 1 WHERE id_cart_rule = ?', [(int) $use['id_cart_rule']]);
        }
        if (array_key_exists('deleted', $use)) { // since 1.7.7; without it a voucher counts for its customer for good
            $sql = 'UPDATE {order_cart_rule} SET deleted = 1 WHERE id_order_cart_rule = ?';
            $this->database->run($sql, [(int) $use['id_order_cart_rule']]);
        }
    }

    /**
     * Tell whether an earlier order of the same cart has the voucher, too: that is one use, and given back with that order.
     */
    private function isInEarlierOrder(array $use): bool
    {
        $sql = 'SELECT 1 FROM {order_cart_rule} ocr JOIN {orders} o ON o.id_order = ocr.id_order
            WHERE o.id_cart = ? AND o.id_order < ? AND ocr.id_cart_rule = ?';
        $values = [(int) $use['id_cart'], (int) $use['id_order'], (int) $use['id_cart_rule']];
        return $this->database->value($sql, $values) !== null;
    }

    /**
     * Take back the voucher that PrestaShop made of what the order had left of this one; false if it is spent already.
     */
    private function takeRestBack(array $use): bool
    {
        $rest = $use['partial_use'] ? $this->database->row(
            'SELECT id_cart_rule, quantity FROM {cart_rule} WHERE code = ? AND id_customer IN (0, ?)',
            [$this->codeOfRest($use), (int) $use['id_customer']]
        ) : null;
        if ($rest === null) {
            return true;
        }
        $sql = 'UPDATE {cart_rule} SET active = 0, quantity = 0 WHERE quantity > 0 AND id_cart_rule = ?';
        return $this->database->run($sql, [(int) $rest['id_cart_rule']]) === 1;
    }

    /**
     * Return the code that PaymentModule::validateOrder gives to the rest.
     */
    private function codeOfRest(array $use): string
    {
        $code = (string) $use['code'];
        if ($code === '') {
            return substr(md5($use['id_order'] . '-' . $use['id_customer'] . '-' . $use['id_cart_rule']), 0, 16);
        }
        $code .= '-2';
        if (preg_match('/\-([0-9]{1,2})\-([0-9]{1,2})$/', $code, $end) && $end[1] === $end[2]) {
            $code = substr($code, 0, -strlen($end[0])) . '-' . ((int) $end[1] + 1);
        }
        return $code;
    }
}
