<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Framework\Data\OptionSourceInterface;

/**
 * When the order mail is sent.
 */
class MailWhen implements OptionSourceInterface
{
    public function toOptionArray(): array
    {
        return [
            ['value' => 'paid', 'label' => __('When the order is paid')],
            ['value' => 'placed', 'label' => __("When the order is placed")],
        ];
    }
}
