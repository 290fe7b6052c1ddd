<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

/**
 * Makes the tables of credit slips and of due mails, registers the hook at the top of an order's page, widens columns, and gives
 * rows whose order reference was cut at 32 characters the whole one back.
 */
function upgrade_module_0_2_0(PaymentBridge $module): bool
{
    return $module->parts()->installation()->make();
}
