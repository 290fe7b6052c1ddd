<?php

/*
 * A shop whose own core ends the script while a notification is applied, as `die()` in an old library does.
 */

use PaymentBridge\Core\NotificationProcessor;
use PaymentBridge\Core\Shop;
use PaymentBridge\Core\Signature;

require __DIR__ . '/../autoload.php';

$shop = new class implements Shop {
    public function lock($orderReference)
    {
        exit('TCPDF ERROR');
    }

    public function unlock($orderReference)
    {
    }

    public function isDone($eventId)
    {
    }

    public function facts($paymentId, $orderReference)
    {
    }

    public function apply($decision, array $payment, $eventId)
    {
    }

    public function afterwards($decision, array $payment)
    {
    }

    public function log($message, array $context)
    {
        file_put_contents(getenv('LOCAL_BRIDGE') . '/log', $message);
    }
};

$secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
$payment = ['id' => 'pay_1', 'order_reference' => '1', 'status' => 'paid', 'currency' => 'EUR', 'amount' => 1, 'sequence' => 1,
    'amount_captured' => 1, 'amount_refunded' => 0, 'amount_refund_pending' => 0, 'outcome_known' => true];
$body = json_encode(['id' => 'evt_1', 'type' => 'payment.paid', 'sequence' => 1, 'data' => ['payment' => $payment]]);
$headers = ['webhook-id' => 'evt_1', 'webhook-timestamp' => '1', 'webhook-signature' => Signature::sign($secret, 'evt_1', '1', $body)];
http_response_code((new NotificationProcessor($shop, 'strlen'))->take('POST', $headers, $body, [$secret], 1));
