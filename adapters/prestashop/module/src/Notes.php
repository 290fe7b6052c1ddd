<?php

namespace PaymentBridge\PrestaShop;

/**
 * What happened to an order's money, for the panel on the order's page. A code is stored and its words are found when
 * it is read, because the one who reads may speak another language.
 */
class Notes
{
    /** @var Database */
    private $database;

    /** @var \Module */
    private $module;

    public function __construct(Database $database, \Module $module)
    {
        $this->database = $database;
        $this->module = $module;
    }

    /**
     * Note something on an order; the same thing again is the same note.
     *
     * @param string $detail what stands for %s in the words: an amount, an id
     */
    public function add(int $orderId, string $code, string $detail = ''): void
    {
        $row = ['order_id' => $orderId, 'code' => $code, 'detail' => mb_substr($detail, 0, 255)];
        $sql = 'SELECT 1 FROM {payment_bridge_note} WHERE order_id = ? AND code = ? AND detail = ?';
        if ($this->database->value($sql, array_values($row)) === null) {
            $this->database->insert('payment_bridge_note', $row);
        }
    }

    /**
     * Return the notes of an order, oldest first: `time`, `words`, `is_alert`.
     *
     * @return array<int, array<string, mixed>>
     */
    public function of(int $orderId): array
    {
        $notes = [];
        $sql = 'SELECT *, UNIX_TIMESTAMP(created_at) AS noted_at FROM {payment_bridge_note} WHERE order_id = ? ORDER BY id';
        foreach ($this->database->rows($sql, [$orderId]) as $row) {
            $notes[] = [
                'time' => Moment::told($row['noted_at']),
                'words' => str_replace('%s', $this->detail($row), $this->words((string) $row['code'])),
                'is_alert' => strncmp($row['code'], 'alert', 5) === 0,
            ];
        }
        return $notes;
    }

    private function words(string $code): string
    {
        $words = [
            'paid' => $this->module->l('Paid: %s.', 'notes'),
            'cancel' => $this->module->l('The payment is over: %s.', 'notes'),
            'authorized' => $this->module->l('The amount is reserved, not taken yet.', 'notes'),
            'refund_told' => $this->module->l('Refunded so far: %s.', 'notes'),
            'refused' => $this->module->l('The bridge refused this payment: %s', 'notes'),
            'never_asked' => $this->module->l('The customer never came to the payment.', 'notes'),
            'alert_mismatch' => $this->module->l('Payment %s is over another amount, currency or order. Nothing was changed.', 'notes'),
            'alert_late' => $this->module->l('%s arrived although this order is canceled: refund it in this panel, or deliver.', 'notes'),
            'alert_double' => $this->module->l('%s arrived a second time. Refund it in this panel, unless it is given back already.', 'notes'),
            'alert_partial' => $this->module->l('Only %s of this order were taken. The order is not paid.', 'notes'),
            'alert_refund' => $this->module->l('A refund did not succeed: only %s went back to the customer. The rest can be refunded in this panel.', 'notes'),
            'alert_open' => $this->module->l('Payment %s is over here, but the customer can still accept it at the provider. If the money comes, you are told here and can refund it in this panel.', 'notes'),
            'alert_foreign' => $this->module->l('This order number was already used for payment %s of another order. That money does not belong to this order, which is paid under another reference.', 'notes'),
            'alert_canceled' => $this->module->l('This order was canceled while its payment is still under way. If the money comes, you are told here.', 'notes'),
        ];
        return $words[$code] ?? $code;
    }

    private function detail(array $row): string
    {
        if ($row['code'] !== 'cancel') {
            return (string) $row['detail'];
        }
        $words = [
            'declined' => $this->module->l('declined', 'notes'),
            'failed' => $this->module->l('failed', 'notes'),
            'canceled' => $this->module->l('canceled', 'notes'),
            'expired' => $this->module->l('expired', 'notes'),
        ];
        return $words[$row['detail']] ?? (string) $row['detail'];
    }
}
