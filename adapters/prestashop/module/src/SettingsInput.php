<?php

namespace PaymentBridge\PrestaShop;

use PaymentBridge\Core\Client;
use PaymentBridge\Core\Signature;

/**
 * What a merchant has typed into the form: checked, and stored only if all of it is good.
 */
class SettingsInput
{
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
     * Store what was typed; return what is wrong with it instead, if anything is.
     *
     * @param array<string, mixed> $typed by the names of the fields
     * @return string[]
     */
    public function take(array $typed): array
    {
        $typed = array_map(static function ($value) {
            return is_string($value) ? trim($value) : $value;
        }, $typed);
        foreach (['MIN', 'MAX'] as $limit) {
            $typed[$limit] = str_replace(',', '.', $typed[$limit]);
        }
        $wrong = array_values(array_filter($this->complaints($typed)));
        if (!$wrong) {
            $this->store($typed);
        }
        return $wrong;
    }

    private function complaints(array $typed): array
    {
        return [
            $this->complaintOfAddress($typed['URL']),
            $this->isKey($typed['API_KEY']) ? '' : $this->module->l('The API key is malformed.', 'settingsinput'),
            $this->isSecret($typed['SECRET']) && $this->isSecret($typed['SECRET_NEXT'])
                ? '' : $this->module->l('A notification secret begins with whsec_.', 'settingsinput'),
            preg_match('/\A[0-9]{1,4}\z/', $typed['MINUTES']) && $typed['MINUTES'] >= 5 && $typed['MINUTES'] <= 1440
                ? '' : $this->module->l('The time to pay is 5 to 1440 minutes.', 'settingsinput'),
            $this->isLimit($typed['MIN']) && $this->isLimit($typed['MAX'])
                ? '' : $this->module->l('A total is a number with a point, as 12.50, or nothing.', 'settingsinput'),
        ];
    }

    private function store(array $typed): void
    {
        $this->config->forgetRefusals(); // the bridge may know more currencies by now
        $this->config->store('URL', $typed['URL'] === '' ? '' : Client::address($typed['URL']));
        $this->config->store('MINUTES', (string) (int) $typed['MINUTES']);
        $this->config->store('DISPLAY', $typed['DISPLAY'] === 'redirect' ? 'redirect' : 'widget');
        $this->config->store('MAIL', $typed['MAIL'] === 'paid' ? 'paid' : 'placed');
        $this->config->store('PAID_STATE', (string) (int) $typed['PAID_STATE']);
        foreach (['WALLET', 'CARD', 'REFUND_ON_SLIP'] as $name) {
            $this->config->store($name, $typed[$name] === '1' ? '1' : '0');
        }
        foreach (['MIN', 'MAX', 'WALLET_TITLE', 'CARD_TITLE'] as $name) {
            $this->config->store($name, $typed[$name]);
        }
        foreach (Config::SECRETS as $name) {
            $this->storeSecret($name, $typed[$name]);
        }
    }

    private function storeSecret(string $name, string $typed): void
    {
        if ($typed === '-') {
            $this->config->store($name, '');
        } elseif ($this->isNew($typed)) {
            $this->config->storeSecret($name, $typed);
        }
    }

    private function complaintOfAddress(string $typed): string
    {
        try {
            $typed === '' || Client::address($typed);
        } catch (\InvalidArgumentException $wrong) {
            return $this->module->l('The address of the bridge is https://host, without user, query or #.', 'settingsinput');
        }
        return '';
    }

    private function isKey(string $typed): bool
    {
        return !$this->isNew($typed) || preg_match('/\A[\x21-\x7e]{8,200}\z/', $typed);
    }

    private function isSecret(string $typed): bool
    {
        return !$this->isNew($typed) || Signature::isSecret($typed);
    }

    private function isLimit(string $typed): bool
    {
        return $typed === '' || preg_match('/\A[0-9]{1,9}(\.[0-9]{1,3})?\z/', $typed);
    }

    /**
     * Tell whether a secret was typed: neither nothing, nor the stars of a browser, nor the sign for "remove".
     */
    private function isNew(string $typed): bool
    {
        return !preg_match('/\A(\*+|•+|-|)\z/u', $typed);
    }
}
