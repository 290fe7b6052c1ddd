<?php

namespace PaymentBridge\Core;

/**
 * What can go wrong while the bridge is asked. Its message never contains a secret.
 */
class BridgeException extends \RuntimeException
{
}
