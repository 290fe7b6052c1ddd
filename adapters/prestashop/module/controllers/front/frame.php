<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

/**
 * The bridge's checkout inside a page of the shop.
 */
class PaymentBridgeFrameModuleFrontController extends ModuleFrontController
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
        list($attempt, $placed) = $found;
        if (!$visit->isPayable($attempt)) {
            Tools::redirect($this->module->parts()->addresses()->of('return', ['token' => $attempt['token']]));
            return;
        }
        parent::initContent();
        $this->context->smarty->assign('paymentbridge', $visit->view($attempt, $placed, $this->context));
        $this->setTemplate('module:paymentbridge/views/templates/front/frame.tpl');
    }

    public function setMedia(): void
    {
        parent::setMedia();
        $place = ['position' => 'bottom', 'priority' => 150];
        $this->registerJavascript('module-paymentbridge-frame', 'modules/paymentbridge/views/js/frame.js', $place);
    }
}
