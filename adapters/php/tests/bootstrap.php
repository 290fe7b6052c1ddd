<?php

error_reporting(E_ALL);
require __DIR__ . '/../autoload.php';
require __DIR__ . '/LocalBridge.php';
require __DIR__ . '/PaperShop.php';
require __DIR__ . '/ImpatientClient.php';
require __DIR__ . '/PaperBridge.php';
require __DIR__ . '/PaperAttempts.php';
require __DIR__ . '/PaperPayments.php';
