<?php

error_reporting(E_ALL);
ob_start(); // PHPUnit's dots would be output before the headers that controllers send
require __DIR__ . '/../../../php/autoload.php';
require __DIR__ . '/../../../php/tests/PaperBridge.php';
require __DIR__ . '/../../../php/tests/ContractCases.php';
require __DIR__ . '/../../../php/tests/DoorCases.php';
require __DIR__ . '/stubs.php';
require __DIR__ . '/Db.php';

spl_autoload_register(static function ($class) {
    $prefix = 'PaymentBridge\\PrestaShop\\Tests\\';
    if (strncmp($class, $prefix, strlen($prefix)) === 0 && is_file(__DIR__ . '/' . substr($class, strlen($prefix)) . '.php')) {
        require __DIR__ . '/' . substr($class, strlen($prefix)) . '.php';
    }
});

require __DIR__ . '/../../module/paymentbridge.php';
foreach (glob(__DIR__ . '/../../module/controllers/*/*.php') as $controller) {
    require $controller;
}
