<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

use PaymentBridge\PrestaShop\Page;
use PaymentBridge\PrestaShop\PlacedOrder;
use PaymentBridge\PrestaShop\Visit;

/**
 * Where the customer comes back to. Coming back proves nothing: the bridge is asked, and what it says is shown.
 */
class PaymentBridgeReturnModuleFrontController extends Page
{
    protected const TEMPLATE = 'return';
    protected const SCRIPT = 'wait';

    protected function receive(array $attempt, PlacedOrder $placed): void
    {
        $visit = $this->module->parts()->visit();
        if (!Tools::getValue(Visit::ASKED)) {
            $visit->learn($attempt);
        }
        list($attempt, $placed) = $visit->find($attempt['token']);
        if (!$visit->isOwn($placed, $this->context) || !$this->goOn($attempt, $placed)) {
            $this->show($attempt, $placed);
        }
    }

    private function goOn(array $attempt, PlacedOrder $placed): bool
    {
        $visit = $this->module->parts()->visit();
        if ($placed->state() === PlacedOrder::OPEN) {
            return false;
        }
        $visit->forget($this->context);
        if ($placed->state() === PlacedOrder::PAID) {
            Tools::redirect($visit->confirmationAddress($placed, $this->context));
            return true;
        }
        if (!$visit->giveCartBack($attempt, $placed, $this->context)) {
            return false;
        }
        $words = $this->module->l('Nothing was paid for order %s. Your cart is as it was.', 'return');
        $this->warning[] = str_replace('%s', $placed->reference(), $words);
        $this->redirectWithNotifications($this->context->link->getPageLink('cart', true, null, ['action' => 'show']));
        return true;
    }
}
