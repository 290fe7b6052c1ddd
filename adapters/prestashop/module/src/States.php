<?php

namespace PaymentBridge\PrestaShop;

/**
 * The order states that the module uses. Its own one, "waiting for payment", is there again when somebody deleted it.
 */
class States
{
    public const NAMES = ['de' => 'Wartet auf Zahlung', 'en' => 'Waiting for payment'];
    public const COLOR = '#34209E';

    /** @var Config */
    private $config;

    public function __construct(Config $config)
    {
        $this->config = $config;
    }

    /**
     * Return the state of an order that waits for its money.
     */
    public function waiting(): int
    {
        $state = new \OrderState($this->config->waitingState());
        if (!\Validate::isLoadedObject($state)) {
            return $this->make();
        }
        if ($state->deleted) { // by a removal of the module, or by somebody; orders may still be in it
            $state->deleted = false;
            $state->update();
        }
        return (int) $state->id;
    }

    /**
     * Tell whether nobody but the module, or PrestaShop for want of stock, has put an order into this state.
     */
    public function isWaiting(int $state): bool
    {
        return in_array($state, [$this->config->waitingState(), $this->outOfStock()], true);
    }

    /**
     * Return the state into which PrestaShop puts an unpaid order that it cannot deliver at once.
     */
    public function outOfStock(): int
    {
        return $this->config->coreState('OUTOFSTOCK_UNPAID');
    }

    /**
     * Return the state of a paid order.
     */
    public function paid(int $shop): int
    {
        $state = new \OrderState($this->config->paidState($shop));
        $isGood = \Validate::isLoadedObject($state) && !$state->deleted && $state->paid;
        return $isGood ? (int) $state->id : $this->config->coreState('PAYMENT');
    }

    public function canceled(): int
    {
        return $this->config->coreState('CANCELED');
    }

    public function refunded(): int
    {
        return $this->config->coreState('REFUND');
    }

    /**
     * Tell whether an order in this state is given up.
     */
    public function isGivenUp(int $state): bool
    {
        return in_array($state, [$this->canceled(), $this->refunded(), $this->config->coreState('ERROR')], true);
    }

    /**
     * Hide the module's own state; orders that were in it keep it.
     */
    public function retire(): void
    {
        $state = new \OrderState($this->config->waitingState());
        if (\Validate::isLoadedObject($state)) {
            $state->deleted = true;
            $state->update();
        }
    }

    private function make(): int
    {
        $state = new \OrderState();
        $state->name = [];
        foreach (\Language::getLanguages(false) as $language) {
            $iso = strtolower((string) $language['iso_code']);
            $state->name[(int) $language['id_lang']] = self::NAMES[$iso] ?? self::NAMES['en'];
        }
        foreach (['invoice', 'send_email', 'logable', 'paid', 'shipped', 'delivery', 'hidden', 'pdf_invoice', 'pdf_delivery'] as $no) {
            $state->$no = false;
        }
        $state->unremovable = true;
        $state->module_name = Config::MODULE;
        $state->color = self::COLOR;
        $state->add();
        $this->config->rememberWaitingState((int) $state->id);
        return (int) $state->id;
    }
}
