<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

use PaymentBridge\PrestaShop\Decimal;

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
            $this->say($orderId, $this->refund($orderId));
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
        $payment = (string) Tools::getValue('payment');
        if (Tools::isSubmit('again')) {
            return $this->module->parts()->refunds()->again($placed, $payment);
        }
        $amount = Decimal::typed((string) Tools::getValue('amount'), $placed->currency());
        if ($amount === null) {
            return ['amount', ''];
        }
        $employee = (int) $this->context->employee->id;
        $seen = (string) Tools::getValue('seen');
        if (!preg_match('/\A[0-9]{1,15}\z/', $seen)) {
            return ['changed', ''];
        }
        return $this->module->parts()->refunds()->refund($placed, $amount, $employee, 0, (int) $seen, $payment);
    }

    private function say(int $orderId, array $result): void
    {
        list($isGood, $words) = $this->module->parts()->refundPanel()->words($result);
        $this->context->cookie->paymentbridge_said = json_encode(['order' => $orderId, 'good' => $isGood, 'words' => $words]);
        $this->context->cookie->write();
    }
}
