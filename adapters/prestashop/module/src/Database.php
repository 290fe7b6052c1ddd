<?php

namespace PaymentBridge\PrestaShop;

/**
 * PrestaShop's database, past its caches and with every value quoted here and nowhere else.
 */
class Database
{
    /**
     * Return a value as SQL: null, a whole number, or a quoted text.
     *
     * @param int|string|null $value
     */
    public function quote($value): string
    {
        if ($value === null) {
            return 'NULL';
        }
        // "true": PrestaShop takes tags out of a text otherwise.
        return is_int($value) ? (string) $value : "'" . pSQL((string) $value, true) . "'";
    }

    /**
     * Return all rows; `?` stands for the values, in their order, `{` and `}` around a table's name for its prefix. Throws RuntimeException.
     *
     * @return array<int, array<string, mixed>>
     */
    public function rows(string $sql, array $values = []): array
    {
        $rows = \Db::getInstance()->executeS($this->fill($sql, $values), true, false);
        if (!is_array($rows)) {
            // No answer is not "no rows": somebody's money would be taken for nobody's.
            throw new \RuntimeException('The database refused a question.');
        }
        return $rows;
    }

    /**
     * Return the first row, or null.
     *
     * @return array<string, mixed>|null
     */
    public function row(string $sql, array $values = []): ?array
    {
        $rows = $this->rows($sql, $values);
        return $rows ? $rows[0] : null;
    }

    /**
     * Return the first row's first column as text, or null.
     */
    public function value(string $sql, array $values = []): ?string
    {
        $row = $this->row($sql, $values);
        $value = $row === null ? null : reset($row);
        return $value === null ? null : (string) $value;
    }

    /**
     * Run a statement and return how many rows it changed; throw RuntimeException if the database refuses.
     */
    public function run(string $sql, array $values = []): int
    {
        $db = \Db::getInstance();
        if (!$db->execute($this->fill($sql, $values), false)) {
            throw new \RuntimeException('The database refused a statement (error ' . (int) $db->getNumberError() . ').');
        }
        return (int) $db->Affected_Rows();
    }

    /**
     * Insert a row; its column names are ours.
     *
     * @param array<string, int|string|null> $row
     */
    public function insert(string $table, array $row): int
    {
        $places = implode(', ', array_fill(0, count($row), '?'));
        $sql = 'INSERT INTO {' . $table . '} (' . implode(', ', array_keys($row)) . ') VALUES (' . $places . ')';
        $this->run($sql, array_values($row));
        return (int) \Db::getInstance()->Insert_ID();
    }

    /**
     * Change a row by its id.
     *
     * @param array<string, int|string|null> $change
     * @param string $key the name of the id's column
     */
    public function update(string $table, int $id, array $change, string $key = 'id'): void
    {
        $sets = array_map(static function ($column) {
            return $column . ' = ?';
        }, array_keys($change));
        $values = array_merge(array_values($change), [$id]);
        $this->run('UPDATE {' . $table . '} SET ' . implode(', ', $sets) . ' WHERE ' . $key . ' = ?', $values);
    }

    /**
     * Do all of it or none of it.
     */
    public function inOneTransaction(callable $work): void
    {
        $this->run('START TRANSACTION');
        try {
            $work();
            $this->run('COMMIT');
        } catch (\Throwable $failure) {
            $this->run('ROLLBACK');
            throw $failure;
        }
    }

    private function fill(string $sql, array $values): string
    {
        $sql = preg_replace('/\{([a-z_]+)\}/', '`' . _DB_PREFIX_ . '$1`', $sql);
        $parts = explode('?', $sql);
        if (count($parts) !== count($values) + 1) {
            throw new \LogicException('A statement has as many values as places.');
        }
        $filled = array_shift($parts);
        foreach ($parts as $i => $part) {
            $filled .= $this->quote($values[$i]) . $part;
        }
        return $filled;
    }
}
