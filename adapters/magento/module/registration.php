<?php

declare(strict_types=1);

use Magento\Framework\Component\ComponentRegistrar;

// In app/code nobody reads composer.json, so the shared classes bring their own loader.
require_once __DIR__ . '/core/autoload.php';

ComponentRegistrar::register(ComponentRegistrar::MODULE, 'PaymentBridge_Checkout', __DIR__);
