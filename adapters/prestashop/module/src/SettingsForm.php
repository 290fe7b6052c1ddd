<?php

namespace PaymentBridge\PrestaShop;

/**
 * The form of the back office: its fields, and what they show. Secrets are never shown again.
 */
class SettingsForm
{
    public const SUBMIT = 'submitPaymentBridge';
    public const TEST = 'submitPaymentBridgeTest';

    /** @var \Module */
    private $module;

    /** @var Config */
    private $config;

    public function __construct(\Module $module, Config $config)
    {
        $this->module = $module;
        $this->config = $config;
    }

    /**
     * Return the form's HTML.
     *
     * @param array<string, mixed> $typed what was typed and not stored
     */
    public function render(int $shop, \Context $context, array $typed = []): string
    {
        $form = new \HelperForm();
        $form->module = $this->module;
        $form->name_controller = Config::MODULE;
        $form->token = \Tools::getAdminTokenLite('AdminModules');
        $form->currentIndex = $context->link->getAdminLink('AdminModules', false) . '&configure=' . Config::MODULE
            . '&tab_module=' . $this->module->tab . '&module_name=' . Config::MODULE;
        $form->submit_action = self::SUBMIT;
        $form->default_form_language = (int) $context->language->id;
        $form->allow_employee_form_lang = (int) \Configuration::get('PS_BO_ALLOW_EMPLOYEE_FORM_LANG');
        $form->tpl_vars = [
            'fields_value' => array_diff_key($typed, array_flip(Config::SECRETS)) + $this->values(),
            'languages' => $context->controller->getLanguages(),
            'id_language' => (int) $context->language->id,
        ];
        return $form->generateForm([$this->connection($shop), $this->checkout(), $this->methods()]);
    }

    /**
     * Return what the fields show.
     *
     * @return array<string, mixed>
     */
    public function values(): array
    {
        $values = ['PAID_STATE' => $this->config->shown('PAID_STATE')];
        foreach (Config::DEFAULTS as $name => $default) {
            $shown = $this->config->shown($name);
            $values[$name] = $shown === false ? $default : $shown;
        }
        foreach (\Language::getLanguages(false) as $language) {
            foreach (Config::METHODS as $method) {
                $name = strtoupper($method) . '_TITLE';
                $values[$name][(int) $language['id_lang']] = (string) $this->config->shown($name, (int) $language['id_lang']);
            }
        }
        return $values + array_fill_keys(Config::SECRETS, '');
    }

    private function connection(int $shop): array
    {
        return $this->form($this->module->l('Connection', 'settingsform'), 'icon-link', [
            [
                'type' => 'text', 'name' => 'URL', 'required' => true,
                'label' => $this->module->l('Address of the bridge', 'settingsform'),
                'desc' => $this->module->l('https://…; without anything behind the host, unless the operator of your bridge says so.', 'settingsform'),
            ],
            $this->secret('API_KEY', $shop, $this->module->l('API key', 'settingsform')),
            $this->secret('SECRET', $shop, $this->module->l('Notification secret', 'settingsform')),
            $this->secret('SECRET_NEXT', $shop, $this->module->l('Second notification secret', 'settingsform')),
        ]);
    }

    private function checkout(): array
    {
        return $this->form($this->module->l('Checkout', 'settingsform'), 'icon-shopping-cart', [
            $this->select('DISPLAY', $this->module->l('Customers pay', 'settingsform'), [
                'widget' => $this->module->l('In a page of the shop', 'settingsform'),
                'redirect' => $this->module->l('On the page of the bridge', 'settingsform'),
            ]),
            [
                'type' => 'text', 'name' => 'MINUTES', 'class' => 'fixed-width-sm',
                'label' => $this->module->l('Time to pay', 'settingsform'),
                'desc' => $this->module->l('Minutes, 5 to 1440.', 'settingsform'),
            ],
            $this->select('MAIL', $this->module->l('Order confirmation', 'settingsform'), [
                'placed' => $this->module->l('When the order is placed', 'settingsform'),
                'paid' => $this->module->l('When the order is paid', 'settingsform'),
            ]),
            $this->select('PAID_STATE', $this->module->l('Status of paid orders', 'settingsform'), $this->paidStates()),
            $this->toggle(
                'REFUND_ON_SLIP',
                $this->module->l('Refund with credit slips', 'settingsform'),
                $this->module->l('A credit slip gives the money back at once. Otherwise only the panel on the order does.', 'settingsform')
            ),
        ]);
    }

    private function methods(): array
    {
        return $this->form($this->module->l('Methods', 'settingsform'), 'icon-credit-card', [
            $this->toggle('WALLET', $this->module->l('Offer wallet', 'settingsform')),
            $this->title('WALLET_TITLE', $this->module->l('Title of wallet', 'settingsform')),
            $this->toggle('CARD', $this->module->l('Offer card', 'settingsform')),
            $this->title('CARD_TITLE', $this->module->l('Title of card', 'settingsform')),
            $this->limit('MIN', $this->module->l('Minimum total', 'settingsform')),
            $this->limit('MAX', $this->module->l('Maximum total', 'settingsform')),
        ]);
    }

    private function form(string $title, string $icon, array $inputs): array
    {
        return ['form' => [
            'legend' => ['title' => $title, 'icon' => $icon],
            'input' => $inputs,
            'submit' => ['title' => $this->module->l('Save', 'settingsform')],
        ]];
    }

    private function secret(string $name, int $shop, string $label): array
    {
        $desc = $this->config->hasSecret($name, $shop)
            ? $this->module->l('One is stored, and not shown again. Leave this empty to keep it; a single - removes it.', 'settingsform')
            : $this->module->l('None is stored.', 'settingsform');
        if ($name === 'SECRET_NEXT') {
            $desc .= ' ' . $this->module->l('Only while the secret is being changed: both are good then.', 'settingsform');
        }
        return ['type' => 'password', 'name' => $name, 'label' => $label, 'desc' => $desc, 'autocomplete' => false];
    }

    private function select(string $name, string $label, array $choices): array
    {
        $query = [];
        foreach ($choices as $id => $words) {
            $query[] = ['id' => (string) $id, 'name' => $words];
        }
        return [
            'type' => 'select', 'name' => $name, 'label' => $label,
            'options' => ['query' => $query, 'id' => 'id', 'name' => 'name'],
        ];
    }

    private function toggle(string $name, string $label, string $desc = ''): array
    {
        return [
            'type' => 'switch', 'name' => $name, 'label' => $label, 'desc' => $desc, 'is_bool' => true,
            'values' => [
                ['id' => $name . '_on', 'value' => 1, 'label' => $this->module->l('Yes', 'settingsform')],
                ['id' => $name . '_off', 'value' => 0, 'label' => $this->module->l('No', 'settingsform')],
            ],
        ];
    }

    private function title(string $name, string $label): array
    {
        return ['type' => 'text', 'name' => $name, 'label' => $label, 'lang' => true];
    }

    private function limit(string $name, string $label): array
    {
        return ['type' => 'text', 'name' => $name, 'label' => $label, 'class' => 'fixed-width-sm'];
    }

    private function paidStates(): array
    {
        $states = [];
        foreach (\OrderState::getOrderStates((int) \Context::getContext()->language->id) as $state) {
            if ($state['paid'] && empty($state['deleted'])) {
                $states[(int) $state['id_order_state']] = $state['name'];
            }
        }
        return $states;
    }
}
