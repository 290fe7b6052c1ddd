<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\BusyException;

/**
 * From the cart to the placed order: once, however often the button is pressed.
 */
class Checkout
{
    private const WAIT = 8; // seconds for the lock

    /** @var \PaymentModule */
    private $module;

    /** @var Config */
    private $config;

    /** @var Orders */
    private $orders;

    /** @var States */
    private $states;

    /** @var Locks */
    private $locks;

    /** @var HeldMail */
    private $heldMail;

    public function __construct(
        \PaymentModule $module,
        Config $config,
        Orders $orders,
        States $states,
        Locks $locks,
        HeldMail $heldMail
    ) {
        $this->module = $module;
        $this->config = $config;
        $this->orders = $orders;
        $this->states = $states;
        $this->locks = $locks;
        $this->heldMail = $heldMail;
    }

    /**
     * Return the methods that are offered for a cart; countries and groups are PrestaShop's own restrictions.
     *
     * @return string[]
     */
    public function offers(\Cart $cart): array
    {
        $shop = (int) $cart->id_shop;
        if (!$this->module->active || !$this->config->isConfigured($shop) || !$this->isCurrencyAllowed($cart)) {
            return [];
        }
        if (!$this->isTotalAllowed(Decimal::text($cart->getOrderTotal(true, \Cart::BOTH)), $shop)) {
            return [];
        }
        $currency = (string) (new \Currency((int) $cart->id_currency))->iso_code;
        return array_values(array_filter(Config::METHODS, function (string $method) use ($shop, $currency) {
            return $this->config->isOffered($method, $shop) && !$this->config->isRefused($method, $currency, $shop);
        }));
    }

    /**
     * Return what the payment page shows of a cart, and the customer agrees to by pressing the button: total and currency.
     */
    public function seen(\Cart $cart): string
    {
        return Decimal::text($cart->getOrderTotal(true, \Cart::BOTH)) . ' ' . (int) $cart->id_currency;
    }

    /**
     * Return what only the shop's own payment page can know of a cart: other pages cannot send this customer here.
     *
     * @param string $seen as `seen` returned it for that page
     */
    public function ticket(int $cartId, string $seen): string
    {
        return hash_hmac('sha256', 'paymentbridge-start-' . $cartId . '-' . $seen, _COOKIE_KEY_);
    }

    public function isTicket(string $ticket, int $cartId, string $seen): bool
    {
        return hash_equals($this->ticket($cartId, $seen), $ticket);
    }

    /**
     * Tell whether this customer may order this cart with this method now.
     */
    public function mayOrder(\Cart $cart, \Customer $customer, string $method): bool
    {
        if (!\Validate::isLoadedObject($cart) || !\Validate::isLoadedObject($customer)) {
            return false;
        }
        if ((int) $cart->id_customer !== (int) $customer->id || !$cart->id_address_delivery || !$cart->id_address_invoice) {
            return false;
        }
        return $cart->nbProducts() > 0 && $cart->checkQuantities() && $this->isStillAllowed() && in_array($method, $this->offers($cart), true);
    }

    /**
     * Return what was ordered with a cart, or null; throws BusyException.
     *
     * While PrestaShop places it, only the first of several orders may be there yet: that is waited for.
     */
    public function ordered(int $cartId): ?PlacedOrder
    {
        return $this->alone($cartId, function () use ($cartId) {
            return $this->orders->ofCart($cartId);
        });
    }

    /**
     * Place the order of a cart, or find the one that was placed; throws BusyException.
     */
    public function place(\Cart $cart, \Customer $customer, string $method): PlacedOrder
    {
        $placed = $this->alone((int) $cart->id, function () use ($cart, $customer, $method) {
            if ($this->orders->ofCart((int) $cart->id) === null) {
                $this->order($cart, $customer, $method);
            }
            return $this->orders->ofCart((int) $cart->id);
        });
        if ($placed === null || !$placed->isOurs()) {
            throw new \RuntimeException('The order was not placed, or is paid another way.');
        }
        return $placed;
    }

    private function alone(int $cartId, callable $work): ?PlacedOrder
    {
        $lock = 'paymentbridge_cart_' . $cartId;
        if (!$this->locks->take($lock, self::WAIT)) {
            throw new BusyException('somebody else works on this cart');
        }
        try {
            return $work();
        } finally {
            $this->locks->release($lock);
        }
    }

    private function order(\Cart $cart, \Customer $customer, string $method): void
    {
        $shop = (int) $cart->id_shop;
        $place = function () use ($cart, $customer, $method, $shop) {
            $this->module->validateOrder(
                (int) $cart->id,
                $this->states->waiting(),
                $cart->getOrderTotal(true, \Cart::BOTH),
                $this->config->title($method, $shop, (int) $cart->id_lang),
                null,
                [],
                (int) $cart->id_currency,
                false,
                $customer->secure_key
            );
        };
        // PrestaShop leaves another object of the same customer in the context, and that one is not logged in.
        $context = \Context::getContext();
        $visitor = $context->customer;
        try {
            $this->config->mailsWhenPlaced($shop) ? $place() : $this->heldMail->holding($place);
        } finally {
            $context->customer = $visitor;
        }
    }

    private function isCurrencyAllowed(\Cart $cart): bool
    {
        $allowed = $this->module->getCurrency((int) $cart->id_currency);
        return in_array((int) $cart->id_currency, array_map('intval', array_column((array) $allowed, 'id_currency')), true);
    }

    private function isTotalAllowed(string $total, int $shop): bool
    {
        list($least, $most) = [$this->config->limit('MIN', $shop), $this->config->limit('MAX', $shop)];
        return self::compare($total, '0') > 0
            && ($least === '' || self::compare($total, $least) >= 0)
            && ($most === '' || self::compare($total, $most) <= 0);
    }

    private static function compare(string $one, string $other): int
    {
        // In thousandths, which is exact for every currency: a total's further digits are rounding of taxes.
        return \PaymentBridge\Core\Money::toMinor($one, 'KWD') <=> \PaymentBridge\Core\Money::toMinor($other, 'KWD');
    }

    private function isStillAllowed(): bool
    {
        return in_array(Config::MODULE, array_column(\Module::getPaymentModules(), 'name'), true);
    }
}
