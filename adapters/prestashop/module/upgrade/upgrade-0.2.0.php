<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

/**
 * Makes the table of credit slips, and registers the hook at the top of an order's page.
 */
function upgrade_module_0_2_0(PaymentBridge $module): bool
{
    return $module->parts()->installation()->make();
}
