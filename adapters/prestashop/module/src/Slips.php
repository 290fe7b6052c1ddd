<?php

namespace PaymentBridge\PrestaShop;

/**
 * Reads PrestaShop's credit slips.
 */
class Slips
{
    private const MOMENT = 60; // seconds
    private const COLUMNS = 's.id_order_slip, s.id_order, s.order_slip_type, s.amount, s.total_products_tax_incl, s.total_products_tax_excl,
        s.total_shipping_tax_incl, o.total_discounts_tax_incl AS vouchers_incl, o.total_discounts_tax_excl AS vouchers_excl,
        o.total_shipping_tax_incl AS order_shipping,
        (SELECT COUNT(*) FROM {order_slip_detail} d WHERE d.id_order_slip = s.id_order_slip) AS line_count,
        (SELECT SUM(d.total_price_tax_incl) FROM {order_slip_detail} d WHERE d.id_order_slip = s.id_order_slip) AS lines_incl,
        (SELECT SUM(d.total_price_tax_excl) FROM {order_slip_detail} d WHERE d.id_order_slip = s.id_order_slip) AS lines_excl,
        c.id_default_group, g.price_display_method AS display_method';

    /** @var Database */
    private $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    /**
     * Return the ids of an order's newest slips, newest first: the newest one, and those made in the minute before it.
     *
     * Before 9 PrestaShop does not say which slip it has just made, and two merchants may make one each at the same moment.
     *
     * @return int[]
     */
    public function justMade(int $orderId): array
    {
        $ids = [];
        $newest = null;
        $sql = 'SELECT id_order_slip, date_add FROM {order_slip} WHERE id_order = ? ORDER BY id_order_slip DESC LIMIT 10';
        foreach ($this->database->rows($sql, [$orderId]) as $row) {
            $newest = $newest ?? strtotime($row['date_add']);
            if (strtotime($row['date_add']) >= $newest - self::MOMENT) {
                $ids[] = (int) $row['id_order_slip'];
            }
        }
        return $ids;
    }

    /**
     * Return a slip of an order; null if there is none.
     */
    public function read(int $slipId, int $orderId, string $currency): ?CreditSlip
    {
        $sql = 'SELECT ' . self::COLUMNS . ' FROM {order_slip} s JOIN {orders} o ON o.id_order = s.id_order
            LEFT JOIN {customer} c ON c.id_customer = o.id_customer LEFT JOIN {group} g ON g.id_group = c.id_default_group
            WHERE s.id_order_slip = ? AND s.id_order = ?';
        $row = $this->database->row($sql, [$slipId, $orderId]);
        return $row === null ? null : new CreditSlip(['is_mixed_up' => $this->isMixedUp($row)] + $row, $currency);
    }

    /**
     * Tell whether PrestaShop computes with taxes where the shop shows none, or the other way round: in this request, that is.
     */
    private function isMixedUp(array $row): bool
    {
        $isComputedWithTaxes = \Group::getPriceDisplayMethod((int) $row['id_default_group']) === CreditSlip::WITH_TAXES;
        return $isComputedWithTaxes !== ((int) $row['display_method'] === CreditSlip::WITH_TAXES);
    }
}
