<?php

error_reporting(E_ALL);
require __DIR__ . '/../../../php/autoload.php';
require __DIR__ . '/../../../php/tests/PaperBridge.php';
require __DIR__ . '/../../../php/tests/ContractCases.php';
require __DIR__ . '/../../../php/tests/DoorCases.php';
require __DIR__ . '/../../../php/tests/LocalBridge.php';
require __DIR__ . '/stubs.php';

spl_autoload_register(static function ($class) {
    foreach (['PaymentBridge\\Checkout\\Tests\\' => __DIR__, 'PaymentBridge\\Checkout\\' => __DIR__ . '/../../module'] as $prefix => $folder) {
        if (strncmp($class, $prefix, strlen($prefix)) === 0) {
            $file = $folder . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
            if (is_file($file)) {
                require $file;
            }
            return;
        }
    }
});
