<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Gateway;

use Magento\Payment\Gateway\ConfigInterface;
use Magento\Payment\Gateway\Validator\AbstractValidator;
use Magento\Payment\Gateway\Validator\ResultInterfaceFactory;

/**
 * Offers a method only for the currencies that the merchant has chosen; for all if none is chosen.
 */
class CurrencyValidator extends AbstractValidator
{
    public function __construct(ResultInterfaceFactory $resultFactory, private ConfigInterface $config)
    {
        parent::__construct($resultFactory);
    }

    public function validate(array $validationSubject)
    {
        $chosen = (string) $this->config->getValue('allowed_currencies', $validationSubject['storeId'] ?? null);
        $isGood = $chosen === '' || in_array($validationSubject['currency'] ?? '', explode(',', $chosen), true);
        return $this->createResult($isGood, $isGood ? [] : [__('This currency is not accepted.')]);
    }
}
