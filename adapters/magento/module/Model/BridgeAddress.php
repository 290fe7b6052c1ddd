<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Framework\App\Config\Value;
use Magento\Framework\Exception\ValidatorException;
use PaymentBridge\Core\Client;

/**
 * The bridge's address as a merchant types it: refused at the form if it may not be called.
 */
class BridgeAddress extends Value
{
    public function beforeSave()
    {
        $typed = trim((string) $this->getValue());
        try {
            $this->setValue($typed === '' ? '' : Client::address($typed));
        } catch (\InvalidArgumentException $wrong) {
            throw new ValidatorException(__($wrong->getMessage()), $wrong);
        }
        return parent::beforeSave();
    }
}
