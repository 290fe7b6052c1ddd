<?php

namespace PaymentBridge\PrestaShop;

/**
 * The module's tables. They stay when the module is removed: they say what was paid.
 */
class Schema
{
    public const TABLES = [
        'payment_bridge_attempt' => '
            id INT UNSIGNED NOT NULL AUTO_INCREMENT,
            order_id INT UNSIGNED NOT NULL,
            order_reference VARCHAR(64) NOT NULL,
            store_id INT UNSIGNED NOT NULL,
            attempt SMALLINT UNSIGNED NOT NULL,
            payment_id VARCHAR(64) NULL,
            token VARCHAR(64) NOT NULL,
            idempotency_key VARCHAR(255) NOT NULL,
            body TEXT NOT NULL,
            amount BIGINT UNSIGNED NOT NULL,
            currency CHAR(3) NOT NULL,
            status VARCHAR(32) NOT NULL DEFAULT \'created\',
            sequence INT UNSIGNED NOT NULL DEFAULT 0,
            refunded BIGINT UNSIGNED NOT NULL DEFAULT 0,
            ending VARCHAR(16) NOT NULL DEFAULT \'\',
            cart_restored TINYINT UNSIGNED NOT NULL DEFAULT 0,
            checkout_url TEXT NULL,
            checkout_token VARCHAR(128) NULL,
            created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
            updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
            PRIMARY KEY (id),
            UNIQUE KEY token (token),
            UNIQUE KEY payment_id (payment_id),
            UNIQUE KEY order_id_attempt (order_id, attempt),
            KEY order_reference (order_reference),
            KEY status_updated_at (status, updated_at)',
        'payment_bridge_event' => '
            event_id VARCHAR(64) NOT NULL,
            payment_id VARCHAR(64) NOT NULL,
            decision VARCHAR(32) NOT NULL,
            applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
            PRIMARY KEY (event_id),
            KEY payment_id (payment_id)',
        'payment_bridge_refund' => '
            id INT UNSIGNED NOT NULL AUTO_INCREMENT,
            payment_id VARCHAR(64) NOT NULL,
            reference VARCHAR(80) NOT NULL,
            reason VARCHAR(64) NOT NULL,
            amount BIGINT UNSIGNED NOT NULL,
            currency CHAR(3) NOT NULL,
            status VARCHAR(16) NOT NULL DEFAULT \'unknown\',
            refund_id VARCHAR(64) NULL,
            failure VARCHAR(255) NULL,
            employee_id INT UNSIGNED NOT NULL DEFAULT 0,
            created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
            PRIMARY KEY (id),
            UNIQUE KEY reference (reference),
            KEY payment_id (payment_id)',
        'payment_bridge_slip' => '
            slip_id INT UNSIGNED NOT NULL,
            order_id INT UNSIGNED NOT NULL,
            amount BIGINT UNSIGNED NULL,
            most BIGINT UNSIGNED NOT NULL,
            currency CHAR(3) NOT NULL,
            reference VARCHAR(80) NULL,
            reason VARCHAR(32) NOT NULL DEFAULT \'\',
            detail VARCHAR(255) NOT NULL DEFAULT \'\',
            is_closed TINYINT UNSIGNED NOT NULL DEFAULT 0,
            employee_id INT UNSIGNED NOT NULL DEFAULT 0,
            created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
            PRIMARY KEY (slip_id),
            KEY order_id (order_id)',
        'payment_bridge_note' => '
            id INT UNSIGNED NOT NULL AUTO_INCREMENT,
            order_id INT UNSIGNED NOT NULL,
            code VARCHAR(32) NOT NULL,
            detail VARCHAR(255) NOT NULL DEFAULT \'\',
            created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
            PRIMARY KEY (id),
            KEY order_id (order_id)',
        'payment_bridge_mail' => '
            id INT UNSIGNED NOT NULL AUTO_INCREMENT,
            order_id INT UNSIGNED NOT NULL,
            mail MEDIUMTEXT NOT NULL,
            claimed_at TIMESTAMP NULL DEFAULT NULL,
            created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
            PRIMARY KEY (id),
            UNIQUE KEY order_id (order_id)',
        'payment_bridge_due_mail' => '
            history_id INT UNSIGNED NOT NULL,
            order_id INT UNSIGNED NOT NULL,
            claimed_at TIMESTAMP NULL DEFAULT NULL,
            created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
            PRIMARY KEY (history_id),
            KEY order_id (order_id)',
    ];

    /** What versions before this one have made narrower, or not at all. */
    private const WIDTHS = ['payment_bridge_attempt' => ['order_reference' => 'varchar(64)', 'idempotency_key' => 'varchar(255)']];
    private const ADDED = [
        'payment_bridge_attempt' => ['ending' => "VARCHAR(16) NOT NULL DEFAULT ''"],
        'payment_bridge_mail' => ['claimed_at' => 'TIMESTAMP NULL DEFAULT NULL'],
    ];
    private const CUT_AT = 32; // characters of an order reference
    private const LONGEST = 64; // characters that the bridge takes

    /** @var Database */
    private $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    /**
     * Create what is missing, and change what versions before this one have made otherwise; nothing that is stored is lost.
     */
    public function create(): void
    {
        foreach (self::TABLES as $name => $columns) {
            $this->database->run(
                // Ids and tokens are compared byte by byte.
                'CREATE TABLE IF NOT EXISTS {' . $name . '} (' . $columns . ')
                ENGINE=' . _MYSQL_ENGINE_ . ' DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin'
            );
        }
        foreach (self::ADDED as $name => $columns) {
            $this->change($name, self::WIDTHS[$name] ?? [], $columns);
        }
        $this->mendCutReferences();
    }

    private function change(string $table, array $widths, array $added): void
    {
        $types = array_column($this->database->rows('SHOW COLUMNS FROM {' . $table . '}'), 'Type', 'Field');
        foreach ($widths as $column => $type) {
            if (strtolower($types[$column]) !== $type) {
                $this->database->run('ALTER TABLE {' . $table . '} MODIFY ' . $column . ' ' . $type . ' NOT NULL');
            }
        }
        foreach (array_diff_key($added, $types) as $column => $definition) {
            $this->database->run('ALTER TABLE {' . $table . '} ADD ' . $column . ' ' . $definition);
        }
    }

    /**
     * Give rows whose order reference was cut the whole one, which is in the request that was sent. What the bridge said of
     * the payment was taken for another order's; it is looked at again.
     */
    private function mendCutReferences(): void
    {
        $sql = 'SELECT id, order_reference, body FROM {payment_bridge_attempt} WHERE CHAR_LENGTH(order_reference) = ?';
        foreach ($this->database->rows($sql, [self::CUT_AT]) as $row) {
            $whole = json_decode($row['body'], true)['order_reference'] ?? '';
            $isCut = $whole !== $row['order_reference'] && strpos($whole, $row['order_reference']) === 0;
            if ($isCut && mb_strlen($whole) <= self::LONGEST) {
                $this->database->update('payment_bridge_attempt', (int) $row['id'], ['order_reference' => $whole, 'sequence' => 0]);
            }
        }
    }
}
