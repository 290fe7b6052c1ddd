<?php

namespace PaymentBridge\PrestaShop;

/**
 * A page of the shop about one payment, which is found by the token in the address.
 */
abstract class Page extends \ModuleFrontController
{
    /** The page's template, and the script that works in it. */
    protected const TEMPLATE = '';
    protected const SCRIPT = '';

    /** @var bool */
    public $ssl = true;

    /** @var bool */
    public $display_column_left = false;

    /** @var bool */
    public $display_column_right = false;

    /** @var \PaymentBridge */
    public $module;

    public function initContent(): void
    {
        header('Cache-Control: no-store');
        $found = $this->module->parts()->visit()->find(\Tools::getValue('token'));
        if ($found === null) {
            \Tools::redirect('index');
            return;
        }
        $this->receive($found[0], $found[1]);
    }

    public function setMedia(): void
    {
        parent::setMedia();
        $file = 'modules/paymentbridge/views/js/' . static::SCRIPT . '.js';
        $this->registerJavascript('module-paymentbridge-' . static::SCRIPT, $file, ['position' => 'bottom', 'priority' => 150]);
    }

    /**
     * Show the page, or lead on.
     *
     * @param array<string, mixed> $attempt
     */
    abstract protected function receive(array $attempt, PlacedOrder $placed): void;

    /**
     * @param array<string, mixed> $attempt
     */
    protected function show(array $attempt, PlacedOrder $placed): void
    {
        parent::initContent();
        $view = $this->module->parts()->visit()->view($attempt, $placed, $this->context);
        $this->context->smarty->assign('paymentbridge', $view);
        $this->setTemplate('module:paymentbridge/views/templates/front/' . static::TEMPLATE . '.tpl');
    }
}
