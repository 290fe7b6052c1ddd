<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

use PaymentBridge\PrestaShop\Page;
use PaymentBridge\PrestaShop\PlacedOrder;

/**
 * The bridge's checkout inside a page of the shop.
 */
class PaymentBridgeFrameModuleFrontController extends Page
{
    protected const TEMPLATE = 'frame';
    protected const SCRIPT = 'frame';

    protected function receive(array $attempt, PlacedOrder $placed): void
    {
        if ($this->module->parts()->visit()->isPayable($attempt)) {
            $this->show($attempt, $placed);
        } else {
            Tools::redirect($this->module->parts()->addresses()->of('return', ['token' => $attempt['token']]));
        }
    }
}
