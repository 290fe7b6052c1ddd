<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

use PaymentBridge\PrestaShop\Decimal;
use PaymentBridge\PrestaShop\PlacedOrder;

/**
 * Takes the forms of the panel on an order's page. PrestaShop has checked the token in the address by then.
 */
class AdminPaymentBridgeController extends ModuleAdminController
{
    /** @var PaymentBridge */
    public $module;

    public function __construct()
    {
        $this->bootstrap = true;
        parent::__construct();
    }

    public function postProcess()
    {
        $orderId = (int) Tools::getValue('id_order');
        if ($_SERVER['REQUEST_METHOD'] === 'POST' && $orderId > 0) {
            $this->module->say($orderId, $this->refund($orderId));
        }
        $order = ['id_order' => $orderId, 'vieworder' => 1];
        Tools::redirectAdmin($this->context->link->getAdminLink('AdminOrders', true, [], $orderId > 0 ? $order : []));
    }

    private function refund(int $orderId): array
    {
        // Who may change orders may refund them; the module's own hidden page has no rights that anybody could set.
        if (!Access::isGranted('ROLE_MOD_TAB_ADMINORDERS_UPDATE', (int) $this->context->employee->id_profile)) {
            return ['access', ''];
        }
        $placed = $this->module->parts()->orders()->with($orderId);
        if ($placed === null || !$placed->isOurs()) {
            return ['nothing_paid', ''];
        }
        if (Tools::isSubmit('slip_close')) {
            return $this->module->parts()->slipRefund()->close($placed, (int) Tools::getValue('slip'));
        }
        if (Tools::isSubmit('again')) {
            return $this->module->parts()->refunds()->again($placed, (string) Tools::getValue('payment'));
        }
        $amount = Decimal::typed((string) Tools::getValue('amount'), $placed->currency());
        return $amount === null ? ['amount', ''] : $this->refundAmount($placed, $amount, (int) $this->context->employee->id);
    }

    private function refundAmount(PlacedOrder $placed, int $amount, int $employee): array
    {
        if (Tools::isSubmit('slip_refund')) {
            return $this->module->parts()->slipRefund()->again($placed, (int) Tools::getValue('slip'), $amount, $employee);
        }
        $seen = (string) Tools::getValue('seen');
        if (!preg_match('/\A[0-9]{1,15}\z/', $seen)) {
            return ['changed', ''];
        }
        return $this->module->parts()->refunds()->refund($placed, $amount, $employee, (int) $seen, (string) Tools::getValue('payment'));
    }
}
