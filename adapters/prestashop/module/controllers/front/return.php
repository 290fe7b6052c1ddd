<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

use PaymentBridge\PrestaShop\PlacedOrder;

/**
 * Where the customer comes back to. Coming back proves nothing: the bridge is asked, and what it says is shown.
 */
class PaymentBridgeReturnModuleFrontController extends ModuleFrontController
{
    /** @var bool */
    public $ssl = true;

    /** @var bool */
    public $display_column_left = false;

    /** @var bool */
    public $display_column_right = false;

    /** @var PaymentBridge */
    public $module;

    public function initContent(): void
    {
        header('Cache-Control: no-store');
        $visit = $this->module->parts()->visit();
        $found = $visit->find(Tools::getValue('token'));
        if ($found === null) {
            Tools::redirect('index');
            return;
        }
        $visit->learn($found[0]);
        list($attempt, $placed) = $visit->find($found[0]['token']);
        if ($visit->isOwn($placed, $this->context) && $this->goOn($attempt, $placed)) {
            return;
        }
        parent::initContent();
        $this->context->smarty->assign('paymentbridge', $visit->view($attempt, $placed, $this->context));
        $this->setTemplate('module:paymentbridge/views/templates/front/return.tpl');
    }

    public function setMedia(): void
    {
        parent::setMedia();
        $place = ['position' => 'bottom', 'priority' => 150];
        $this->registerJavascript('module-paymentbridge-wait', 'modules/paymentbridge/views/js/wait.js', $place);
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
