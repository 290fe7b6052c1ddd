<?php

/*
 * Runs the module's upgrade of cut order references on a real database: php mend_on_mariadb.php SOCKET DATABASE
 */

use Magento\Framework\App\ResourceConnection;
use PaymentBridge\Checkout\Model\Tables;
use PaymentBridge\Checkout\Setup\Patch\Data\MendCutReferences;

require __DIR__ . '/bootstrap.php';

list(, $socket, $database) = $argv;
$pdo = new PDO("mysql:unix_socket=$socket;dbname=$database;charset=utf8mb4", 'root', '', [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
$resource = new class ($pdo) extends ResourceConnection {
    private $connection;

    public function __construct(PDO $connection)
    {
        $this->connection = $connection;
    }

    public function getConnection()
    {
        return $this->connection;
    }

    public function getTableName($name)
    {
        return $name;
    }
};
(new MendCutReferences(new Tables($resource)))->apply();
