<?php

namespace PaymentBridge\Core;

/**
 * No usable answer came: whether the bridge did the work is unknown, so only the same key and body may be sent again.
 */
class NoAnswerException extends BridgeException
{
}
