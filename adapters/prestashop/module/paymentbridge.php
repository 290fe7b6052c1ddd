<?php

/**
 * Wallet and card payments through the payment bridge.
 *
 * @license MIT, see the file LICENSE
 */

if (!defined('_PS_VERSION_')) {
    exit;
}

require_once __DIR__ . '/autoload.php';

use PaymentBridge\PrestaShop\Config;
use PaymentBridge\PrestaShop\Parts;
use PaymentBridge\PrestaShop\SettingsForm;
use PrestaShop\PrestaShop\Core\Payment\PaymentOption;

/**
 * What PrestaShop calls. Nothing is decided here: every hook hands over to a class in src/.
 */
class PaymentBridge extends PaymentModule
{
    /** @var int */
    public $is_eu_compatible = 1;

    /** @var Parts */
    private $parts;

    public function __construct()
    {
        $this->name = 'paymentbridge';
        $this->tab = 'payments_gateways';
        $this->version = '0.2.0';
        $this->author = 'Payment bridge';
        $this->need_instance = 0;
        $this->bootstrap = true;
        $this->controllers = ['start', 'frame', 'return', 'status', 'giveup', 'notification', 'cron'];
        $this->currencies = true;
        $this->currencies_mode = 'checkbox';
        $this->ps_versions_compliancy = ['min' => '1.7.6.0', 'max' => '9.99.99'];
        parent::__construct();
        $this->displayName = $this->l('Payment bridge');
        $this->description = $this->l('Wallet and card payments, in a page of your shop or on the page of the bridge.');
        $this->confirmUninstall = $this->l('Remove the settings? What was paid stays in the database.');
    }

    /**
     * Return the module's parts.
     */
    public function parts(): Parts
    {
        if ($this->parts === null) {
            $this->parts = new Parts($this);
        }
        return $this->parts;
    }

    public function install()
    {
        return parent::install() && $this->parts()->installation()->make();
    }

    public function uninstall()
    {
        $this->parts()->installation()->unmake();
        return parent::uninstall();
    }

    /**
     * Return the page of the back office, after taking what was typed.
     */
    public function getContent()
    {
        $shop = (int) $this->context->shop->id;
        list($said, $typed) = ['', []];
        if (Tools::isSubmit(SettingsForm::TEST)) {
            list($isGood, $words) = $this->parts()->connection()->test($shop);
            $said = $isGood ? $this->displayConfirmation($this->safe($words)) : $this->displayError($this->safe($words));
        } elseif (Tools::isSubmit(SettingsForm::SUBMIT)) {
            $wrong = $this->parts()->settingsInput()->take($this->typed());
            $typed = $wrong ? $this->typed() : [];
            $said = $wrong
                ? implode('', array_map([$this, 'displayError'], array_map([$this, 'safe'], $wrong)))
                : $this->displayConfirmation($this->l('The settings are stored.'));
        }
        return $said . $this->connectionBox($shop) . $this->parts()->settingsForm()->render($shop, $this->context, $typed);
    }

    /**
     * Offer the methods at the checkout.
     */
    public function hookPaymentOptions($params)
    {
        $options = [];
        foreach ($this->parts()->checkout()->offers($params['cart']) as $method) {
            $options[] = $this->option($method, $params['cart']);
        }
        return $options;
    }

    /**
     * Say on PrestaShop's confirmation what became of the payment.
     */
    public function hookDisplayPaymentReturn($params)
    {
        $placed = isset($params['order']) ? $this->parts()->orders()->with((int) $params['order']->id) : null;
        if ($placed === null || !$placed->isOurs()) {
            return '';
        }
        $this->context->smarty->assign('paymentbridge_state', $placed->state());
        return $this->fetch('module:paymentbridge/views/templates/hook/payment_return.tpl');
    }

    /**
     * Let customers who look at their order, days later or on another device, go on paying it.
     */
    public function hookDisplayOrderDetail($params)
    {
        $address = $this->parts()->visit()->addressToGoOn((int) $params['order']->id, $this->context);
        if ($address === null) {
            return '';
        }
        $this->context->smarty->assign('paymentbridge_start_url', $address);
        return $this->fetch('module:paymentbridge/views/templates/hook/order_detail.tpl');
    }

    /**
     * Lead a customer who comes back to an empty cart to the own order that still waits for its money.
     */
    public function hookActionFrontControllerSetMedia($params)
    {
        $page = isset($this->context->controller->php_self) ? $this->context->controller->php_self : '';
        $isGet = isset($_SERVER['REQUEST_METHOD']) && $_SERVER['REQUEST_METHOD'] === 'GET';
        if (!$isGet || !in_array($page, ['cart', 'order'], true) || Tools::getValue('ajax') || $this->fillsCart()) {
            return;
        }
        if (!$this->context->cart->id || $this->context->cart->nbProducts() === 0) {
            $address = $this->parts()->visit()->waitingAddress($this->context);
            if ($address !== null) {
                Tools::redirect($address);
            }
        }
    }

    /**
     * Show the panel on an order's page of the back office.
     */
    public function hookDisplayAdminOrderMainBottom($params)
    {
        $orderId = (int) $params['id_order'];
        $view = $this->parts()->refundPanel()->view($orderId);
        if ($view === null) {
            return '';
        }
        $this->context->smarty->assign('paymentbridge', $view + [
            'order_id' => $orderId,
            'said' => $this->said($orderId),
            'refund_url' => $this->context->link->getAdminLink('AdminPaymentBridge'),
            'is_new_page' => version_compare(_PS_VERSION_, '1.7.7.0', '>='),
        ]);
        return $this->display(__FILE__, 'views/templates/hook/order_panel.tpl');
    }

    /**
     * The same on the order's page before 1.7.7.
     */
    public function hookDisplayAdminOrderLeft($params)
    {
        return $this->hookDisplayAdminOrderMainBottom($params);
    }

    /**
     * Tell at the top of an order's page, which is what a merchant sees first, of credit slips that gave no money back.
     */
    public function hookDisplayAdminOrderTop($params)
    {
        $warnings = $this->parts()->refundPanel()->warnings((int) $params['id_order']);
        if (!$warnings) {
            return '';
        }
        $this->context->smarty->assign('paymentbridge_warnings', $warnings);
        return $this->display(__FILE__, 'views/templates/hook/order_top.tpl');
    }

    /**
     * Give the payment up at the bridge when a merchant cancels an order that waits for its money.
     */
    public function hookActionOrderStatusPostUpdate($params)
    {
        $isCanceled = (int) $params['newOrderStatus']->id === $this->parts()->states()->canceled();
        if ($isCanceled && !$this->parts()->orders()->isChanging()) {
            $this->parts()->cancellation()->follow((int) $params['id_order']);
        }
    }

    /**
     * Give the money of a credit slip back, where the merchant wants it so.
     */
    public function hookActionOrderSlipAdd($params)
    {
        $orderId = (int) $params['order']->id;
        $slipId = isset($params['orderSlipCreated']) ? (int) $params['orderSlipCreated']->id : null; // since 9
        $result = $this->parts()->slipRefund()->follow($orderId, (int) ($this->context->employee->id ?? 0), $slipId);
        if ($result !== null) {
            $this->say($orderId, $result);
        }
    }

    /**
     * Keep an order's confirmation back until it is paid, where the merchant wants it so; false stops the mail.
     */
    public function hookActionEmailSendBefore($params)
    {
        return !$this->parts()->heldMail()->keep($params);
    }

    public function hookActionObjectShopAddAfter($params)
    {
        $this->parts()->installation()->copyRestrictions((int) $params['object']->id);
    }

    /**
     * Look after quiet orders, where the module "cronjobs" is installed.
     */
    public function hookActionCronJob()
    {
        try {
            $this->parts()->expiry()->run(50);
        } catch (\Throwable $failure) { // the jobs of other modules come next
            $this->parts()->log()->note('quiet orders could not be looked after', ['why' => $failure->getMessage()]);
        }
    }

    /**
     * Tell the module "cronjobs" how often: every hour.
     */
    public function getCronFrequency()
    {
        return ['hour' => -1, 'day' => -1, 'month' => -1, 'day_of_week' => -1];
    }

    /**
     * Have the panel say what came of a refund, once, when the order's page is shown next.
     *
     * @param array{0: string, 1: string} $result
     */
    public function say(int $orderId, array $result): void
    {
        list($isGood, $words) = $this->parts()->refundPanel()->words($result);
        $this->context->cookie->paymentbridge_said = json_encode(['order' => $orderId, 'good' => $isGood, 'words' => $words]);
        $this->context->cookie->write();
    }

    private function said(int $orderId): ?array
    {
        $cookie = $this->context->cookie;
        $said = isset($cookie->paymentbridge_said) ? json_decode($cookie->paymentbridge_said, true) : null;
        if ($said !== null) {
            unset($cookie->paymentbridge_said);
            $cookie->write(); // the order's page itself writes none
        }
        return is_array($said) && $said['order'] === $orderId ? $said : null;
    }

    /**
     * Tell whether the page that is opened is about to fill the cart: PrestaShop does that later than our hook.
     */
    private function fillsCart(): bool
    {
        return Tools::isSubmit('add') || Tools::isSubmit('submitReorder');
    }

    private function option(string $method, Cart $cart): PaymentOption
    {
        $title = $this->parts()->config()->title($method, (int) $cart->id_shop, (int) $this->context->language->id);
        $checkout = $this->parts()->checkout();
        list($cartId, $seen) = [(int) $cart->id, $checkout->seen($cart)];
        $inputs = ['method' => $method, 'cart' => $cartId, 'seen' => $seen, 'ticket' => $checkout->ticket($cartId, $seen)];
        foreach ($inputs as $name => $value) {
            $inputs[$name] = ['name' => $name, 'type' => 'hidden', 'value' => $value];
        }
        $option = new PaymentOption();
        $option->setModuleName($this->name)
            ->setCallToActionText($title)
            ->setAction($this->context->link->getModuleLink($this->name, 'start', [], true))
            ->setInputs($inputs)
            ->setLogo(Media::getMediaPath(_PS_MODULE_DIR_ . $this->name . '/views/img/' . $method . '.svg'));
        return $option;
    }

    private function connectionBox(int $shop): string
    {
        $addresses = $this->parts()->addresses();
        $this->context->smarty->assign('paymentbridge', [
            'notification_url' => $addresses->plain('notification', $shop),
            'cron_url' => $addresses->plain('cron', $shop) . '&key=' . $this->parts()->config()->cronKey(),
            'last' => $this->parts()->tables()->lastEventTime(),
            'is_one_shop' => !Shop::isFeatureActive() || Shop::getContext() === Shop::CONTEXT_SHOP,
            'is_configured' => $this->parts()->config()->isConfigured($shop),
            'test' => SettingsForm::TEST,
            'action' => $this->context->link->getAdminLink('AdminModules', true, [], ['configure' => $this->name]),
        ]);
        return $this->display(__FILE__, 'views/templates/admin/connection.tpl');
    }

    private function typed(): array
    {
        $typed = [];
        foreach (array_merge(array_keys(Config::DEFAULTS), ['PAID_STATE'], Config::SECRETS) as $name) {
            $typed[$name] = (string) Tools::getValue($name, '');
        }
        foreach (Language::getLanguages(false) as $language) {
            $id = (int) $language['id_lang'];
            $typed['WALLET_TITLE'][$id] = trim(strip_tags((string) Tools::getValue('WALLET_TITLE_' . $id, '')));
            $typed['CARD_TITLE'][$id] = trim(strip_tags((string) Tools::getValue('CARD_TITLE_' . $id, '')));
        }
        return $typed;
    }

    private function safe(string $words): string
    {
        return htmlspecialchars($words, ENT_QUOTES, 'UTF-8', false);
    }
}
