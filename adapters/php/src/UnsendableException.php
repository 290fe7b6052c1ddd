<?php

namespace PaymentBridge\Core;

/**
 * The request cannot be written as the bridge could read it, so it is not sent. For whoever asked it is a refusal as the
 * bridge's own: nothing was done, and asking again changes nothing.
 */
class UnsendableException extends ApiException
{
    /**
     * Take a code and words as a problem document has them.
     */
    public function __construct(string $code, string $detail)
    {
        parent::__construct(422, ['code' => $code, 'detail' => $detail]);
    }
}
