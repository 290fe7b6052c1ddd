<?php

namespace PaymentBridge\PrestaShop;

/**
 * An address that machines call: nobody's session, open while the shop is closed, and from every country.
 */
abstract class Door extends \ModuleFrontController
{
    /** @var bool */
    public $auth = false;

    /** @var bool */
    public $ssl = true;

    /** @var bool */
    public $ajax = true;

    /** @var \PaymentBridge */
    public $module;

    public function init(): void
    {
        $this->context->cookie->disallowWriting();
        parent::init();
    }

    protected function displayMaintenancePage(): void
    {
    }

    protected function displayRestrictedCountryPage(): void
    {
    }
}
