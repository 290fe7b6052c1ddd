<?php

namespace PaymentBridge\Core;

/**
 * Somebody else works on the same order at the moment; try again in some seconds.
 */
class BusyException extends \RuntimeException
{
}
