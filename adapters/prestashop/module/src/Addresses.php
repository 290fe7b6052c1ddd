<?php

namespace PaymentBridge\PrestaShop;

/**
 * Addresses of the module's pages, and the words of a request: in the order's shop and the customer's language.
 */
class Addresses
{
    /** @var \Module */
    private $module;

    public function __construct(\Module $module)
    {
        $this->module = $module;
    }

    /**
     * Return the address of one of the module's pages, https where the shop has it.
     *
     * @param array<string, string> $parameters
     */
    public function of(string $page, array $parameters = [], ?int $shop = null, ?int $language = null): string
    {
        return \Context::getContext()->link->getModuleLink(Config::MODULE, $page, $parameters, true, $language, $shop);
    }

    /**
     * Return the address of notifications or cron: the same with and without friendly addresses, and in no language.
     */
    public function plain(string $page, int $shop): string
    {
        $link = \Context::getContext()->link;
        return $link->getBaseLink($shop, true) . 'index.php?fc=module&module=' . Config::MODULE . '&controller=' . $page;
    }

    /**
     * Return the locale of a language, as de-DE.
     */
    public function locale(int $language): string
    {
        $locale = (string) (new \Language($language))->locale;
        return preg_match('/\A[a-z]{2}-[A-Z]{2}\z/', $locale) ? $locale : 'en-GB';
    }

    public function description(string $reference): string
    {
        return str_replace('%s', $reference, $this->module->l('Order %s', 'addresses'));
    }
}
