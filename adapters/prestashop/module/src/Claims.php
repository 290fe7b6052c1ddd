<?php

namespace PaymentBridge\PrestaShop;

/**
 * Rows that stand for work to be done once, by whoever comes first: a notification, a customer's page, a cron job.
 *
 * No lock of the database server is taken: old servers give a lock back when the same connection takes another one.
 */
class Claims
{
    private const MINUTES = 2; // after which work that was begun has surely broken off

    /** @var Database */
    private $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    /**
     * Do the work of a row and delete the row; false if somebody else does it just now. What the work throws leaves the row.
     *
     * @param string $key the name of the id's column; the table has a column `claimed_at`
     */
    public function once(string $table, string $key, int $id, callable $work): bool
    {
        $claim = 'UPDATE {' . $table . '} SET claimed_at = CURRENT_TIMESTAMP WHERE ' . $key . ' = ?
            AND (claimed_at IS NULL OR claimed_at < CURRENT_TIMESTAMP - INTERVAL ? MINUTE)';
        if ($this->database->run($claim, [$id, self::MINUTES]) !== 1) {
            return false;
        }
        try {
            $work();
        } catch (\Throwable $failure) {
            $this->database->update($table, $id, ['claimed_at' => null], $key);
            throw $failure;
        }
        $this->database->run('DELETE FROM {' . $table . '} WHERE ' . $key . ' = ?', [$id]);
        return true;
    }
}
