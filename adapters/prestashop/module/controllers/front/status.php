<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

/**
 * What the waiting page asks every few seconds: open, paid or canceled, and nothing else.
 */
class PaymentBridgeStatusModuleFrontController extends ModuleFrontController
{
    /** @var bool */
    public $ssl = true;

    /** @var bool */
    public $ajax = true;

    /** @var PaymentBridge */
    public $module;

    public function postProcess(): void
    {
        $found = $this->module->parts()->visit()->find(Tools::getValue('token'));
        $this->answer($found === null ? 404 : 200, $found === null ? 'unknown' : $found[1]->state());
    }

    protected function answer(int $status, string $state): void
    {
        http_response_code($status);
        header('Content-Type: application/json');
        header('Cache-Control: no-store');
        echo json_encode(['state' => $state]);
        exit;
    }
}
