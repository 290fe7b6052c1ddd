<?php

namespace PaymentBridge\Core;

/**
 * A notification is not proven to come from the bridge, or cannot be read. Its code is the HTTP status to answer.
 */
class RefusedException extends \RuntimeException
{
}
