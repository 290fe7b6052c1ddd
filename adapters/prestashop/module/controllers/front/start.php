<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

use PaymentBridge\Core\BusyException;
use PaymentBridge\PrestaShop\PlacedOrder;
use PaymentBridge\PrestaShop\Visit;

/**
 * From the payment step to the payment: places the order once, and asks for its money. A GET with the token of an own
 * order that waits goes on paying it.
 */
class PaymentBridgeStartModuleFrontController extends ModuleFrontController
{
    /** @var bool */
    public $ssl = true;

    /** @var PaymentBridge */
    public $module;

    public function postProcess(): void
    {
        header('Cache-Control: no-store');
        $isPost = $_SERVER['REQUEST_METHOD'] === 'POST';
        $placed = $isPost ? $this->order() : $this->known();
        if ($placed === null) {
            $this->redirectWithNotifications($this->context->link->getPageLink('order', true));
            return;
        }
        $method = $isPost ? (string) Tools::getValue('method') : $this->module->parts()->visit()->methodOf($placed);
        $this->go($this->module->parts()->visit()->start($placed, $method, $this->context));
    }

    private function order(): ?PlacedOrder
    {
        $checkout = $this->module->parts()->checkout();
        list($cartId, $seen) = [(int) Tools::getValue('cart'), (string) Tools::getValue('seen')];
        if (!$checkout->isTicket((string) Tools::getValue('ticket'), $cartId, $seen)) {
            return null;
        }
        try {
            $placed = $checkout->ordered($cartId) ?? $this->place($cartId, $seen); // pressed twice is one order
        } catch (BusyException $busy) {
            return null;
        }
        return $placed === null ? null : $this->ownOpen($placed);
    }

    private function place(int $cartId, string $seen): ?PlacedOrder
    {
        list($checkout, $method) = [$this->module->parts()->checkout(), (string) Tools::getValue('method')];
        $cart = $this->context->cart;
        $isAsSeen = (int) $cart->id === $cartId && $checkout->seen($cart) === $seen;
        if (!$isAsSeen || !$checkout->mayOrder($cart, $this->context->customer, $method)) { // another tab, the last one sold
            $this->errors[] = $this->module->l('Something has changed meanwhile. Please look at your cart, and choose again how to pay.', 'start');
            return null;
        }
        return $checkout->place($cart, $this->context->customer, $method);
    }

    private function known(): ?PlacedOrder
    {
        $found = $this->module->parts()->visit()->find(Tools::getValue('token'));
        return $found === null ? null : $this->ownOpen($found[1]);
    }

    private function ownOpen(PlacedOrder $placed): ?PlacedOrder
    {
        $isOwn = $placed->isOurs() && $this->module->parts()->visit()->isOwn($placed, $this->context);
        return $isOwn ? $placed : null;
    }

    private function go(array $next): void
    {
        list($kind, $what) = $next;
        if ($kind === Visit::PAY) {
            Tools::redirect($what);
        } elseif ($kind === Visit::REFUSED) {
            $this->errors[] = $this->module->l('This payment is not possible. Please choose another way to pay.', 'start');
            $this->redirectWithNotifications($this->context->link->getPageLink('order', true));
        } else {
            if ($kind === Visit::SILENT) {
                $this->errors[] = $this->module->l('The payment service does not answer at the moment. Please try again.', 'start');
            }
            $this->redirectWithNotifications($what === null
                ? $this->context->link->getPageLink('history', true)
                : $this->module->parts()->visit()->returnAddress($what, $kind === Visit::SILENT));
        }
    }
}
