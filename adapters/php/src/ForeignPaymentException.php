<?php

namespace PaymentBridge\Core;

/**
 * The bridge has a payment under an order's reference that nobody of this order asked for. It never leaves `Payments`.
 */
class ForeignPaymentException extends \RuntimeException
{
    /** @var array<string, mixed> */
    private $payment;

    /**
     * Take the payment as the API shows it.
     *
     * @param array<string, mixed> $payment
     */
    public function __construct(array $payment)
    {
        $this->payment = $payment;
        parent::__construct('Payment ' . $payment['id'] . ' is not one of this order.');
    }

    /**
     * Return the payment as the API shows it.
     *
     * @return array<string, mixed>
     */
    public function payment(): array
    {
        return $this->payment;
    }
}
