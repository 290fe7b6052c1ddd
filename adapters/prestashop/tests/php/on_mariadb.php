<?php

/*
 * Does on a real database what the module does with its tables, and prints JSON: php on_mariadb.php SOCKET DATABASE WHAT [JSON]
 *
 * install         creates the tables, or changes those of an earlier version
 * store ROW       stores an attempt as the module does, and prints it as it is read again
 * look            prints how the reference of every attempt is stored, by the attempt's number
 */

use PaymentBridge\PrestaShop\Database;
use PaymentBridge\PrestaShop\Schema;
use PaymentBridge\PrestaShop\Tables;

require __DIR__ . '/bootstrap.php';

list(, $socket, $database, $what) = $argv;
$pdo = new PDO("mysql:unix_socket=$socket;dbname=$database;charset=utf8mb4", 'root', '', [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
Db::$instance = new Db($pdo);
$answer = null;
if ($what === 'install') {
    (new Schema(new Database()))->create();
} elseif ($what === 'store') {
    $answer = (new Tables(new Database()))->addAttempt(json_decode($argv[4], true));
} else {
    $answer = (new Database())->rows('SELECT attempt, order_reference, sequence FROM {payment_bridge_attempt} ORDER BY attempt');
}
ob_end_clean();
echo json_encode($answer, JSON_UNESCAPED_UNICODE);
