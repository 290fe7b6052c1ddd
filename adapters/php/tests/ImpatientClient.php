<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\Client;

/**
 * The client with hardly a pause between its tries.
 */
final class ImpatientClient extends Client
{
    public const PAUSES = [0, 1000, 1000];
}
