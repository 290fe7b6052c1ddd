<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

/**
 * The customer gives the payment up: with a form of the waiting page, and only from the session that placed the order.
 */
class PaymentBridgeGiveupModuleFrontController extends ModuleFrontController
{
    /** @var bool */
    public $ssl = true;

    /** @var PaymentBridge */
    public $module;

    public function postProcess(): void
    {
        $visit = $this->module->parts()->visit();
        $found = $visit->find(Tools::getValue('payment'));
        if ($found === null || !$this->isMeant() || !$visit->isOwn($found[1], $this->context)) {
            Tools::redirect('index');
            return;
        }
        $isHeard = $visit->giveUp($found[0]);
        if (!$isHeard) {
            $this->errors[] = $this->module->l('The payment service does not answer at the moment. Please try again.', 'giveup');
        }
        $this->redirectWithNotifications($visit->returnAddress($found[0], !$isHeard));
    }

    private function isMeant(): bool
    {
        return $_SERVER['REQUEST_METHOD'] === 'POST' && hash_equals(Tools::getToken(false), (string) Tools::getValue('token'));
    }
}
