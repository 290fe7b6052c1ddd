<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

/**
 * Makes what an installation before the first release may lack: every upgrade may do this, and it is harmless twice.
 */
function upgrade_module_0_1_0(PaymentBridge $module): bool
{
    return $module->parts()->installation()->make();
}
