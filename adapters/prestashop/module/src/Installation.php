<?php

namespace PaymentBridge\PrestaShop;

/**
 * What an installation and an upgrade make, and a removal takes away. Making it twice is harmless.
 */
class Installation
{
    public const TAB = 'AdminPaymentBridge';
    public const HOOKS = [
        'paymentOptions', 'displayPaymentReturn', 'displayOrderDetail', 'actionFrontControllerSetMedia', 'actionOrderStatusPostUpdate',
        'actionOrderSlipAdd', 'actionEmailSendBefore', 'actionObjectShopAddAfter', 'actionCronJob',
    ];

    public const HOOKS_OF_NEW_PAGE = ['displayAdminOrderMainBottom', 'displayAdminOrderTop']; // since 1.7.7
    public const HOOKS_OF_OLD_PAGE = ['displayAdminOrderLeft'];

    /** @var \PaymentModule */
    private $module;

    /** @var Schema */
    private $schema;

    /** @var Config */
    private $config;

    /** @var States */
    private $states;

    public function __construct(\PaymentModule $module, Schema $schema, Config $config, States $states)
    {
        $this->module = $module;
        $this->schema = $schema;
        $this->config = $config;
        $this->states = $states;
    }

    /**
     * Make all that is missing.
     */
    public function make(): bool
    {
        $this->schema->create();
        $this->config->setDefaults();
        $this->states->waiting();
        return $this->module->registerHook($this->hooks()) && $this->makeTab();
    }

    /**
     * Take away settings and tab; tables, and the state that old orders are in, stay.
     */
    public function unmake(): void
    {
        $this->states->retire();
        $this->config->forget();
        $tab = new \Tab((int) \Tab::getIdFromClassName(self::TAB));
        if (\Validate::isLoadedObject($tab)) {
            $tab->delete();
        }
    }

    /**
     * Offer the module in a shop that was just added, as it is offered in the others.
     */
    public function copyRestrictions(int $shop): void
    {
        $this->module->addCheckboxCurrencyRestrictionsForModule([$shop]);
        $this->module->addCheckboxCountryRestrictionsForModule([$shop]);
        $this->module->addCheckboxCarrierRestrictionsForModule([$shop]);
    }

    private function hooks(): array
    {
        $isNewPage = version_compare(_PS_VERSION_, '1.7.7.0', '>=');
        return array_merge(self::HOOKS, $isNewPage ? self::HOOKS_OF_NEW_PAGE : self::HOOKS_OF_OLD_PAGE);
    }

    private function makeTab(): bool
    {
        if (\Tab::getIdFromClassName(self::TAB)) {
            return true;
        }
        $tab = new \Tab();
        $tab->class_name = self::TAB;
        $tab->module = Config::MODULE;
        $tab->id_parent = -1; // in no menu
        $tab->active = true;
        $tab->name = [];
        foreach (\Language::getLanguages(false) as $language) {
            $tab->name[(int) $language['id_lang']] = 'Payment bridge';
        }
        return (bool) $tab->add();
    }
}
