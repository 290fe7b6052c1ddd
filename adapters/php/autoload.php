<?php

/**
 * Loads the classes of PaymentBridge\Core from this folder; for shops without Composer, harmless with it.
 */

spl_autoload_register(static function ($class) {
    $prefix = 'PaymentBridge\\Core\\';
    if (strncmp($class, $prefix, strlen($prefix)) !== 0) {
        return;
    }
    $file = __DIR__ . '/src/' . substr($class, strlen($prefix)) . '.php';
    if (preg_match('/^PaymentBridge\\\\Core\\\\[A-Za-z]+$/', $class) && is_file($file)) {
        require $file;
    }
});
