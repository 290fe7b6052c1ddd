<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\Money;

/**
 * What a customer has ordered at once: PrestaShop may make several orders of a cart, with one reference and one
 * payment. Read from the database, past all that PrestaShop remembers.
 */
final class PlacedOrder
{
    public const OPEN = 'open';
    public const PAID = 'paid';
    public const CANCELED = 'canceled';

    /** @var array<int, array<string, mixed>> */
    private $rows;

    /** @var States */
    private $states;

    /**
     * @param array<int, array<string, mixed>> $rows of the orders of one cart, by id; at least one
     */
    public function __construct(array $rows, States $states)
    {
        $this->rows = $rows;
        $this->states = $states;
    }

    /**
     * Return the id of the first order, by which the module knows all of them.
     */
    public function id(): int
    {
        return (int) $this->rows[0]['id_order'];
    }

    /**
     * Return the ids of all orders.
     *
     * @return int[]
     */
    public function ids(): array
    {
        return array_map('intval', array_column($this->rows, 'id_order'));
    }

    public function reference(): string
    {
        return (string) $this->rows[0]['reference'];
    }

    public function shop(): int
    {
        return (int) $this->rows[0]['id_shop'];
    }

    public function cart(): int
    {
        return (int) $this->rows[0]['id_cart'];
    }

    public function customer(): int
    {
        return (int) $this->rows[0]['id_customer'];
    }

    public function language(): int
    {
        return (int) $this->rows[0]['id_lang'];
    }

    public function secureKey(): string
    {
        return (string) $this->rows[0]['secure_key'];
    }

    public function currency(): string
    {
        return (string) $this->rows[0]['currency'];
    }

    /**
     * Tell whether the orders were to be paid with this module.
     */
    public function isOurs(): bool
    {
        return $this->rows[0]['module'] === Config::MODULE;
    }

    /**
     * Return what is to be paid for all of it, in minor units.
     */
    public function amount(): int
    {
        $sum = 0;
        foreach ($this->rows as $row) {
            $sum += $this->amountOf($row);
        }
        return $sum;
    }

    /**
     * Return `open`, `paid` or `canceled`. Paid is who ever was: a later state does not undo it.
     */
    public function state(): string
    {
        $unpaid = array_filter($this->rows, static function (array $row) {
            return !$row['was_paid'];
        });
        if (!$unpaid) {
            return self::PAID;
        }
        foreach ($unpaid as $row) {
            if ($this->states->isGivenUp((int) $row['current_state'])) {
                return self::CANCELED;
            }
        }
        return self::OPEN;
    }

    /**
     * Return the ids of those orders that still need this state: the unpaid ones, or those that still wait.
     *
     * @return int[]
     */
    public function unpaid(): array
    {
        return $this->idsWhere(static function (array $row) {
            return !$row['was_paid'];
        });
    }

    /**
     * Return the ids of the orders that nobody has touched since they were placed.
     *
     * @return int[]
     */
    public function waiting(): array
    {
        return $this->idsWhere(function (array $row) {
            return !$row['was_paid'] && $this->states->isWaiting((int) $row['current_state']);
        });
    }

    private function idsWhere(callable $is): array
    {
        return array_map('intval', array_column(array_filter($this->rows, $is), 'id_order'));
    }

    private function amountOf(array $row): int
    {
        return Money::toMinor(Decimal::text($row['total_paid']), $this->currency());
    }
}
