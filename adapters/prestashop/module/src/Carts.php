<?php

namespace PaymentBridge\PrestaShop;

/**
 * Gives a customer the cart of a canceled order back, once, with the vouchers that are still good.
 */
class Carts
{
    /** @var Tables */
    private $tables;

    /** @var Vouchers */
    private $vouchers;

    public function __construct(Tables $tables, Vouchers $vouchers)
    {
        $this->tables = $tables;
        $this->vouchers = $vouchers;
    }

    /**
     * Put the order's cart into the session; false where the customer has filled another one since, or had this one
     * back already.
     *
     * @param array<string, mixed> $attempt of an order of the session's own customer
     */
    public function giveBack(array $attempt, PlacedOrder $placed, \Context $context): bool
    {
        // Right after the order was placed its own cart is still there, and PrestaShop will let go of it.
        if ((int) $context->cart->id !== $placed->cart() && $context->cart->id && $context->cart->nbProducts() > 0) {
            return false;
        }
        if (!$this->tables->claimCart((int) $attempt['id'])) {
            return false;
        }
        $copy = (new \Cart($placed->cart()))->duplicate();
        if (!$copy || !\Validate::isLoadedObject($copy['cart'])) {
            return false;
        }
        $this->putInto($context, $copy['cart']);
        $this->addVouchers($placed, $context);
        return true;
    }

    private function putInto(\Context $context, \Cart $cart): void
    {
        $context->cart = $cart;
        $context->cookie->id_cart = (int) $cart->id;
        $context->cookie->write();
        \CartRule::autoAddToCart($context);
    }

    private function addVouchers(PlacedOrder $placed, \Context $context): void
    {
        foreach ($placed->ids() as $orderId) {
            foreach ($this->vouchers->ofOrder($orderId) as $ruleId) {
                $rule = new \CartRule($ruleId, $placed->language());
                if (\Validate::isLoadedObject($rule) && $rule->checkValidity($context, false, false)) {
                    $context->cart->addCartRule($ruleId);
                }
            }
        }
    }
}
