<?php

namespace PaymentBridge\PrestaShop;

/**
 * PrestaShop's global context, as other modules' hooks expect it when an order changes: notifications and cron come
 * without a customer, and perhaps in another shop.
 */
class Surroundings
{
    private const PARTS = ['shop', 'cart', 'customer', 'currency', 'language', 'country'];

    /**
     * Do something with the context that belongs to an order, and put things back afterwards.
     */
    public function during(PlacedOrder $placed, callable $work): void
    {
        $context = \Context::getContext();
        $before = [];
        foreach (self::PARTS as $name) {
            $before[$name] = $context->$name;
        }
        list($kind, $id) = [\Shop::getContext(), $this->idOfContext()];
        try {
            $this->enter($context, $placed);
            $work();
        } finally {
            foreach ($before as $name => $part) {
                $context->$name = $part;
            }
            \Shop::setContext($kind, $id);
        }
    }

    private function enter(\Context $context, PlacedOrder $placed): void
    {
        $order = new \Order($placed->id());
        \Shop::setContext(\Shop::CONTEXT_SHOP, $placed->shop());
        $context->shop = new \Shop($placed->shop());
        $context->cart = new \Cart($placed->cart());
        $context->customer = new \Customer($placed->customer());
        $context->currency = new \Currency((int) $order->id_currency);
        $context->language = new \Language($placed->language());
        $address = new \Address((int) $order->id_address_delivery);
        $context->country = new \Country((int) $address->id_country, $placed->language());
    }

    private function idOfContext(): ?int
    {
        if (\Shop::getContext() === \Shop::CONTEXT_SHOP) {
            return (int) \Shop::getContextShopID();
        }
        return \Shop::getContext() === \Shop::CONTEXT_GROUP ? (int) \Shop::getContextShopGroupID() : null;
    }
}
