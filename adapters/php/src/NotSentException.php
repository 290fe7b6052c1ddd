<?php

namespace PaymentBridge\Core;

/**
 * The request surely never reached the bridge: no such host, connection refused, no trusted certificate.
 */
class NotSentException extends NoAnswerException
{
}
