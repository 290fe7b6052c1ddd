<?php

namespace PaymentBridge\PrestaShop;

/**
 * Locks of the database server: they end with the connection, so no crash leaves one behind.
 */
class Locks
{
    /** @var Database */
    private $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    /**
     * Take a lock, waiting so many seconds; false if somebody else keeps it.
     */
    public function take(string $name, int $seconds): bool
    {
        return $this->database->value('SELECT GET_LOCK(?, ?)', [$this->full($name), $seconds]) === '1';
    }

    public function release(string $name): void
    {
        $this->database->value('SELECT RELEASE_LOCK(?)', [$this->full($name)]);
    }

    private function full(string $name): string
    {
        // One server may have several shops; a name has at most 64 letters.
        return $name . '_' . substr(hash('sha256', _DB_NAME_ . _DB_PREFIX_), 0, 12);
    }
}
