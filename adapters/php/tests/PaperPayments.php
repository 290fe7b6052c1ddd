<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\Client;
use PaymentBridge\Core\Payments;

/**
 * Payments of the one order of a PaperShop.
 */
final class PaperPayments extends Payments
{
    public const ORDER = 123;

    /** @var PaperShop */
    public $shop;

    /** @var PaperAttempts */
    public $attempts;

    /** @var PaperBridge */
    public $bridge;

    /** @var array<int, string|null> the refusals with which the order was ended */
    public $ended = [];

    /** @var array<int, array{0: string, 1: string}> references of this order, and payments of others that were told */
    public $told = [];

    /** @var string of the order */
    public $number = '100000123';

    /** @var \InvalidArgumentException|null what the shop's own amounts throw */
    public $wrong;

    public function __construct()
    {
        $this->shop = new PaperShop();
        $this->attempts = new PaperAttempts();
        $this->bridge = new PaperBridge('https://bridge.example', 'sk_paper_key');
        parent::__construct($this->attempts, $this->shop);
    }

    public function start()
    {
        $attempt = $this->begin(self::ORDER, $this->number);
        if ($attempt !== null && !isset($this->shop->attempts[$attempt['payment_id']])) {
            $this->shop->attempt($attempt['payment_id'], $attempt['token'], $attempt['order_reference']);
        }
        return $attempt;
    }

    protected function client(int $storeId): Client
    {
        return $this->bridge;
    }

    protected function referenceOf(int $orderId): string
    {
        return $this->number;
    }

    protected function isOpen(int $orderId): bool
    {
        return $this->shop->order === 'open';
    }

    protected function request(int $orderId, string $token): array
    {
        if ($this->wrong !== null) {
            throw $this->wrong;
        }
        $home = 'https://shop.example/done?token=' . $token;
        return [1, ['order_reference' => $this->number, 'amount' => 4999, 'currency' => 'EUR', 'return_url' => $home]];
    }

    protected function endOrder(int $orderId, ?string $refusal): void
    {
        $this->shop->order = 'canceled';
        $this->ended[] = $refusal;
    }

    protected function tellForeign(int $orderId, string $reference, array $payment): void
    {
        $this->told[] = [$reference, $payment['id']];
    }
}
