<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\ApiException;
use PaymentBridge\Core\Decision;
use PaymentBridge\Core\Row;

/**
 * A customer on one of the module's pages. The token in the address shows a result, to whoever has it, and nothing
 * else: buttons, carts and confirmations are for the session of the customer who placed the order.
 */
class Visit
{
    public const PAY = 'pay'; // [url]
    public const SHOW = 'show'; // [attempt]: the page that says what became of it
    public const REFUSED = 'refused'; // [attempt or null, cart given back?]
    public const SILENT = 'silent'; // [attempt or null]

    public const ASKED = 'asked'; // in the address of a page: the bridge was asked just now, and did not answer

    private const COOKIE = 'paymentbridge_token';

    /** @var \Module */
    private $module;

    /** @var Tables */
    private $tables;

    /** @var Orders */
    private $orders;

    /** @var Payments */
    private $payments;

    /** @var Carts */
    private $carts;

    /** @var Config */
    private $config;

    /** @var Addresses */
    private $addresses;

    /** @var Log */
    private $log;

    public function __construct(
        \Module $module,
        Tables $tables,
        Orders $orders,
        Payments $payments,
        Carts $carts,
        Config $config,
        Addresses $addresses,
        Log $log
    ) {
        $this->module = $module;
        $this->tables = $tables;
        $this->orders = $orders;
        $this->payments = $payments;
        $this->carts = $carts;
        $this->config = $config;
        $this->addresses = $addresses;
        $this->log = $log;
    }

    /**
     * Return the attempt that an address speaks of, with what was ordered; null if there is none.
     *
     * @param mixed $token as the address has it
     * @return array{0: array<string, mixed>, 1: PlacedOrder}|null
     */
    public function find($token): ?array
    {
        $attempt = is_string($token) ? $this->tables->attemptByToken($token) : null;
        $placed = $attempt === null ? null : $this->orders->with((int) $attempt['order_id']);
        return $placed === null ? null : [$attempt, $placed];
    }

    /**
     * Tell whether this session's customer, with an account or as a guest, placed the order.
     */
    public function isOwn(PlacedOrder $placed, \Context $context): bool
    {
        $customer = $context->customer;
        return \Validate::isLoadedObject($customer) && $customer->isLogged(true)
            && (int) $customer->id === $placed->customer();
    }

    /**
     * Ask for the payment of what the session's own customer has ordered; returns where to go, as the words above say.
     *
     * @return array<int, mixed>
     */
    public function start(PlacedOrder $placed, string $method, \Context $context): array
    {
        $this->payments->hurry();
        try {
            $attempt = $this->payments->start($placed, $method);
        } catch (ApiException $refused) {
            if ($refused->problemCode() === 'currency_not_supported') { // the next customer is not led there
                $this->config->rememberRefusal($method, $placed->currency(), $placed->shop());
            }
            $latest = $this->tables->latestAttempt($placed->id());
            return [self::REFUSED, $latest, $latest !== null && $this->carts->giveBack($latest, $placed, $context)];
        } catch (\Throwable $silence) { // of the bridge, or of what hangs on a change of the order
            $this->log->note('a payment could not be started', ['why' => $silence->getMessage()]);
            $latest = $this->tables->latestAttempt($placed->id());
            $this->remember($latest, $context);
            return [self::SILENT, $latest];
        }
        $latest = $attempt ?? $this->tables->latestAttempt($placed->id());
        $this->remember($latest, $context);
        return $attempt === null ? [self::SHOW, $latest] : [self::PAY, $this->payAddress($attempt)];
    }

    /**
     * Return the method with which an order is to be paid: as before, or the first that is offered.
     */
    public function methodOf(PlacedOrder $placed): string
    {
        $latest = $this->tables->latestAttempt($placed->id());
        $body = $latest === null ? null : json_decode($latest['body'], true);
        return is_array($body) && in_array($body['method'], Config::METHODS, true) ? $body['method'] : Config::METHODS[0];
    }

    /**
     * Ask the bridge what became of an attempt; a silence is logged, and what is known is shown.
     *
     * @param array<string, mixed> $attempt
     */
    public function learn(array $attempt): void
    {
        $this->payments->hurry();
        try {
            $this->payments->refresh($attempt);
        } catch (\Throwable $silence) {
            $this->log->note('a payment could not be asked about', ['why' => $silence->getMessage()]);
        }
    }

    /**
     * Give a payment up for the session's own customer; false if the bridge does not answer.
     *
     * @param array<string, mixed> $attempt
     */
    public function giveUp(array $attempt): bool
    {
        $this->payments->hurry();
        try {
            $this->payments->giveUp($attempt);
        } catch (\Throwable $silence) {
            $this->log->note('a payment could not be given up', ['why' => $silence->getMessage()]);
            return false;
        }
        return true;
    }

    /**
     * Tell whether the bridge's checkout can still be shown for an attempt.
     *
     * @param array<string, mixed> $attempt
     */
    public function isPayable(array $attempt): bool
    {
        return in_array($attempt['status'], Decision::WAITING, true) && $attempt['checkout_token'] !== null;
    }

    /**
     * Return how an attempt has ended, as Shop names it; empty while nobody can say. Only NOTHING_TAKEN is good news.
     *
     * @param array<string, mixed> $attempt
     */
    public function ending(array $attempt): string
    {
        $isRefused = $attempt['payment_id'] === null && in_array($attempt['status'], Decision::OVER, true);
        return $isRefused ? Shop::NOTHING_TAKEN : (string) $attempt['ending'];
    }

    /**
     * Return what the pages show.
     *
     * @param array<string, mixed> $attempt
     * @return array<string, mixed>
     */
    public function view(array $attempt, PlacedOrder $placed, \Context $context): array
    {
        $token = ['token' => $attempt['token']];
        return [
            'reference' => $placed->reference(),
            'state' => $placed->state(),
            'ending' => $this->ending($attempt),
            'is_own' => $this->isOwn($placed, $context),
            'checkout_token' => (string) $attempt['checkout_token'],
            'checkout_url' => (string) Row::page($attempt),
            'widget' => $this->config->bridgeUrl($placed->shop()) . '/widget/v1/checkout.js',
            'locale' => $this->addresses->locale((int) $context->language->id),
            'return_url' => $this->addresses->of('return', $token),
            'start_url' => $this->addresses->of('start', $token),
            'status_url' => $this->addresses->of('status', $token),
            'cart_url' => $context->link->getPageLink('cart', true, null, ['action' => 'show']),
            'giveup_url' => $this->addresses->of('giveup'),
            'token' => $attempt['token'],
            'form_token' => \Tools::getToken(false),
        ];
    }

    /**
     * Return the address of the page that says what became of an attempt.
     *
     * @param array<string, mixed> $attempt
     * @param bool $isSilent whether the bridge has just not answered: nobody waits for that twice
     */
    public function returnAddress(array $attempt, bool $isSilent): string
    {
        return $this->addresses->of('return', ['token' => $attempt['token']] + ($isSilent ? [self::ASKED => '1'] : []));
    }

    /**
     * Return the address of PrestaShop's confirmation; only for the session's own customer, because it has the
     * order's secret key.
     */
    public function confirmationAddress(PlacedOrder $placed, \Context $context): string
    {
        return $context->link->getPageLink('order-confirmation', true, null, [
            'id_cart' => $placed->cart(),
            'id_module' => (int) $this->module->id,
            'id_order' => $placed->id(),
            'key' => $placed->secureKey(),
        ]);
    }

    /**
     * Give the own cart of a canceled order back; see Carts.
     *
     * @param array<string, mixed> $attempt
     */
    public function giveCartBack(array $attempt, PlacedOrder $placed, \Context $context): bool
    {
        return $this->carts->giveBack($attempt, $placed, $context);
    }

    /**
     * Return the address of the own order that still waits for its money, or null: for a customer who comes back to an
     * empty cart with the browser's Back.
     */
    public function waitingAddress(\Context $context): ?string
    {
        $token = isset($context->cookie->{self::COOKIE}) ? $context->cookie->{self::COOKIE} : null;
        $found = $this->find($token);
        if ($found === null || !$this->isOwn($found[1], $context) || $found[1]->state() !== PlacedOrder::OPEN) {
            return null;
        }
        return $this->addresses->of('return', ['token' => $token]);
    }

    /**
     * Return the address where the session's own customer goes on paying an order, or null if it does not wait for that.
     */
    public function addressToGoOn(int $orderId, \Context $context): ?string
    {
        $placed = $this->orders->with($orderId);
        if ($placed === null || !$placed->isOurs() || $placed->state() !== PlacedOrder::OPEN || !$this->isOwn($placed, $context)) {
            return null;
        }
        $latest = $this->tables->latestAttempt($placed->id());
        return $latest === null ? null : $this->addresses->of('start', ['token' => $latest['token']]);
    }

    public function forget(\Context $context): void
    {
        unset($context->cookie->{self::COOKIE});
    }

    private function remember(?array $attempt, \Context $context): void
    {
        if ($attempt !== null) {
            $context->cookie->{self::COOKIE} = $attempt['token'];
            $context->cookie->write();
        }
    }

    private function payAddress(array $attempt): string
    {
        return $this->config->showsWidget((int) $attempt['store_id'])
            ? $this->addresses->of('frame', ['token' => $attempt['token']])
            : (string) Row::page($attempt);
    }
}
