<?php

namespace PaymentBridge\Core;

/**
 * The bridge or the provider said no to a refund: no money went back, and a new try is a new intent.
 */
class RefundFailedException extends \RuntimeException
{
}
