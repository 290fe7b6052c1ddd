<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Gateway;

use Magento\Payment\Gateway\Helper\SubjectReader;
use Magento\Payment\Gateway\Validator\AbstractValidator;
use Magento\Payment\Gateway\Validator\ResultInterfaceFactory;
use PaymentBridge\Checkout\Model\Config;

/**
 * Hides the methods while the connection is not configured.
 */
class AvailabilityValidator extends AbstractValidator
{
    public function __construct(ResultInterfaceFactory $resultFactory, private Config $config)
    {
        parent::__construct($resultFactory);
    }

    public function validate(array $validationSubject)
    {
        $store = (int) SubjectReader::readPayment($validationSubject)->getOrder()->getStoreId();
        $isConfigured = $this->config->bridgeUrl($store) !== '' && $this->config->apiKey($store) !== '';
        return $this->createResult($isConfigured, $isConfigured ? [] : [__('The payment bridge is not configured.')]);
    }
}
