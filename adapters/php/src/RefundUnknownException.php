<?php

namespace PaymentBridge\Core;

/**
 * Nobody knows yet whether the refund was done. The same refund, tried again, is the same intent: it happens once.
 */
class RefundUnknownException extends \RuntimeException
{
}
