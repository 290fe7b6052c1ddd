<?php

namespace PaymentBridge\PrestaShop;

/**
 * Makes the module's parts, each once for a request and only when it is asked for: the same in every PrestaShop,
 * whose own containers differ.
 */
class Parts
{
    /** @var \PaymentModule */
    private $module;

    /** @var array<string, object> */
    private $made = [];

    public function __construct(\PaymentModule $module)
    {
        $this->module = $module;
    }

    public function config(): Config
    {
        return $this->once(Config::class, function () {
            return new Config();
        });
    }

    public function database(): Database
    {
        return $this->once(Database::class, function () {
            return new Database();
        });
    }

    public function tables(): Tables
    {
        return $this->once(Tables::class, function () {
            return new Tables($this->database());
        });
    }

    public function states(): States
    {
        return $this->once(States::class, function () {
            return new States($this->config());
        });
    }

    public function log(): Log
    {
        return $this->once(Log::class, function () {
            return new Log();
        });
    }

    public function locks(): Locks
    {
        return $this->once(Locks::class, function () {
            return new Locks($this->database());
        });
    }

    public function notes(): Notes
    {
        return $this->once(Notes::class, function () {
            return new Notes($this->database(), $this->module);
        });
    }

    public function clients(): Clients
    {
        return $this->once(Clients::class, function () {
            return new Clients($this->config());
        });
    }

    public function addresses(): Addresses
    {
        return $this->once(Addresses::class, function () {
            return new Addresses($this->module);
        });
    }

    public function surroundings(): Surroundings
    {
        return $this->once(Surroundings::class, function () {
            return new Surroundings();
        });
    }

    public function vouchers(): Vouchers
    {
        return $this->once(Vouchers::class, function () {
            return new Vouchers($this->database());
        });
    }

    public function carts(): Carts
    {
        return $this->once(Carts::class, function () {
            return new Carts($this->tables(), $this->vouchers());
        });
    }

    public function heldMail(): HeldMail
    {
        return $this->once(HeldMail::class, function () {
            return new HeldMail($this->database(), $this->claims(), $this->surroundings());
        });
    }

    public function claims(): Claims
    {
        return $this->once(Claims::class, function () {
            return new Claims($this->database());
        });
    }

    public function mailing(): Mailing
    {
        return $this->once(Mailing::class, function () {
            return new Mailing($this->database(), $this->claims(), $this->surroundings(), $this->heldMail(), $this->log());
        });
    }

    public function orders(): Orders
    {
        return $this->once(Orders::class, function () {
            $name = (string) $this->module->displayName;
            return new Orders(
                $this->database(),
                $this->states(),
                $this->surroundings(),
                $this->vouchers(),
                $this->mailing(),
                $name
            );
        });
    }

    public function refunds(): Refunds
    {
        return $this->once(Refunds::class, function () {
            return new Refunds(
                $this->tables(),
                $this->orders(),
                $this->locks(),
                $this->clients(),
                $this->mailing(),
                $this->log()
            );
        });
    }

    public function slips(): Slips
    {
        return $this->once(Slips::class, function () {
            return new Slips($this->database());
        });
    }

    public function shop(): Shop
    {
        return $this->once(Shop::class, function () {
            return new Shop(
                $this->tables(),
                $this->orders(),
                $this->locks(),
                $this->notes(),
                $this->mailing(),
                $this->refunds(),
                $this->log()
            );
        });
    }

    public function payments(): Payments
    {
        return $this->once(Payments::class, function () {
            return new Payments(
                $this->tables(),
                $this->shop(),
                $this->orders(),
                $this->notes(),
                $this->mailing(),
                $this->clients(),
                $this->config(),
                $this->addresses(),
                $this->log()
            );
        });
    }

    public function checkout(): Checkout
    {
        return $this->once(Checkout::class, function () {
            return new Checkout(
                $this->module,
                $this->config(),
                $this->orders(),
                $this->states(),
                $this->locks(),
                $this->heldMail()
            );
        });
    }

    public function visit(): Visit
    {
        return $this->once(Visit::class, function () {
            return new Visit(
                $this->module,
                $this->tables(),
                $this->orders(),
                $this->payments(),
                $this->carts(),
                $this->config(),
                $this->addresses(),
                $this->log()
            );
        });
    }

    public function cancellation(): Cancellation
    {
        return $this->once(Cancellation::class, function () {
            return new Cancellation(
                $this->tables(),
                $this->orders(),
                $this->payments(),
                $this->vouchers(),
                $this->notes(),
                $this->mailing(),
                $this->log()
            );
        });
    }

    public function slipRefund(): SlipRefund
    {
        return $this->once(SlipRefund::class, function () {
            return new SlipRefund(
                $this->config(),
                $this->orders(),
                $this->slips(),
                $this->tables(),
                $this->refunds(),
                $this->log()
            );
        });
    }

    public function expiry(): Expiry
    {
        return $this->once(Expiry::class, function () {
            return new Expiry($this->tables(), $this->orders(), $this->payments(), $this->mailing());
        });
    }

    public function connection(): Connection
    {
        return $this->once(Connection::class, function () {
            return new Connection($this->clients(), $this->module);
        });
    }

    public function settingsForm(): SettingsForm
    {
        return $this->once(SettingsForm::class, function () {
            return new SettingsForm($this->module, $this->config());
        });
    }

    public function settingsInput(): SettingsInput
    {
        return $this->once(SettingsInput::class, function () {
            return new SettingsInput($this->module, $this->config());
        });
    }

    public function refundPanel(): RefundPanel
    {
        return $this->once(RefundPanel::class, function () {
            return new RefundPanel($this->module, $this->tables(), $this->orders(), $this->refunds(), $this->notes());
        });
    }

    public function installation(): Installation
    {
        return $this->once(Installation::class, function () {
            return new Installation($this->module, new Schema($this->database()), $this->config(), $this->states());
        });
    }

    private function once(string $class, callable $make)
    {
        if (!isset($this->made[$class])) {
            $this->made[$class] = $make();
        }
        return $this->made[$class];
    }
}
