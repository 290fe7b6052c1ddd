<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

use PaymentBridge\PrestaShop\Page;
use PaymentBridge\PrestaShop\PlacedOrder;
use PaymentBridge\PrestaShop\Shop;
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
        $this->warning[] = str_replace('%s', $placed->reference(), $this->words($visit->ending($attempt)));
        $this->redirectWithNotifications($this->context->link->getPageLink('cart', true, null, ['action' => 'show']));
        return true;
    }

    private function words(string $ending): string
    {
        if ($ending === Shop::NOTHING_TAKEN) {
            return $this->module->l('Nothing was paid for order %s. Your cart is as it was.', 'return');
        }
        if ($ending === Shop::OPEN_THERE) {
            return $this->module->l('Order %s is canceled, but you can still accept its payment in the app of your wallet. Please decline it there before you order again. Your cart is as it was.', 'return');
        }
        return $this->module->l('Order %s is canceled. It is not known yet whether anything was charged; if it was, the shop is told. Your cart is as it was.', 'return');
    }
}
