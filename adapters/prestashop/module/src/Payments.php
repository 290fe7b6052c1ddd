<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\Client;
use PaymentBridge\Core\Payments as PaymentsOfAnyShop;

/**
 * What a payment needs to know of PrestaShop's orders; the rest is the same in every shop.
 */
class Payments extends PaymentsOfAnyShop
{
    /** @var Orders */
    private $orders;

    /** @var Notes */
    private $notes;

    /** @var Mailing */
    private $mailing;

    /** @var Clients */
    private $clients;

    /** @var Config */
    private $config;

    /** @var Addresses */
    private $addresses;

    /** @var Log */
    private $log;

    /** @var string the method of the payment that is asked for */
    private $method = '';

    public function __construct(
        Tables $tables,
        Shop $shop,
        Orders $orders,
        Notes $notes,
        Mailing $mailing,
        Clients $clients,
        Config $config,
        Addresses $addresses,
        Log $log
    ) {
        parent::__construct($tables, $shop);
        $this->orders = $orders;
        $this->notes = $notes;
        $this->mailing = $mailing;
        $this->clients = $clients;
        $this->config = $config;
        $this->addresses = $addresses;
        $this->log = $log;
    }

    /**
     * Return the open attempt for what was ordered, with its checkout address, asking the bridge if need be; null if
     * the order is not waiting for money any more. Throws BridgeException, BusyException.
     *
     * @return array<string, mixed>|null
     */
    public function start(PlacedOrder $placed, string $method): ?array
    {
        $this->method = $method;
        return $this->begin($placed->id(), $placed->reference());
    }

    /**
     * Take no longer than a customer waits for a page; what has no answer by then is asked again later, unchanged.
     */
    public function hurry(): void
    {
        $this->clients->hurry();
    }

    protected function client(int $storeId): Client
    {
        return $this->clients->ofShop($storeId);
    }

    protected function referenceOf(int $orderId): string
    {
        return $this->placed($orderId)->reference();
    }

    protected function isOpen(int $orderId): bool
    {
        return $this->placed($orderId)->state() === PlacedOrder::OPEN;
    }

    protected function endOrder(int $orderId, ?string $refusal): void
    {
        $placed = $this->placed($orderId);
        $this->orders->cancel($placed);
        $this->notes->add($placed->id(), $refusal === null ? 'never_asked' : 'refused', (string) $refusal);
        $this->mailing->sendIfPossible($this->placed($orderId));
    }

    protected function tellForeign(int $orderId, string $reference, array $payment): void
    {
        $this->notes->add($orderId, 'alert_foreign', $payment['id']);
        $context = ['order' => $this->referenceOf($orderId), 'payment' => $payment['id']];
        $this->log->note('an order needs a look: alert_foreign', $context, Log::ALERT);
    }

    protected function request(int $orderId, string $token): array
    {
        $placed = $this->placed($orderId);
        $home = $this->addresses->of('return', ['token' => $token], $placed->shop(), $placed->language());
        return [$placed->shop(), [
            'order_reference' => $placed->reference(),
            'amount' => $placed->amount(),
            'currency' => $placed->currency(),
            'method' => $this->method,
            'channel' => 'web',
            'payer' => ['locale' => $this->addresses->locale($placed->language())],
            'description' => $this->addresses->description($placed->reference()),
            'return_url' => $home,
            'cancel_url' => $home,
            'expires_in' => $this->config->expiresIn($placed->shop()),
        ]];
    }

    private function placed(int $orderId): PlacedOrder
    {
        $placed = $this->orders->with($orderId);
        if ($placed === null) {
            throw new \RuntimeException('There is no order ' . $orderId . ' any more.');
        }
        return $placed;
    }
}
