<?php

/**
 * Loads the module's classes, and those that it shares with other shops' modules (the packer puts them into core/).
 */

if (is_file(__DIR__ . '/core/autoload.php')) {
    require_once __DIR__ . '/core/autoload.php';
}

spl_autoload_register(static function ($class) {
    if (preg_match('/^PaymentBridge\\\\PrestaShop\\\\([A-Za-z]+)$/', $class, $name)) {
        $file = __DIR__ . '/src/' . $name[1] . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});
