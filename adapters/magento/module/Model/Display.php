<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Framework\Data\OptionSourceInterface;

/**
 * Where customers pay.
 */
class Display implements OptionSourceInterface
{
    public function toOptionArray(): array
    {
        return [
            ['value' => 'widget', 'label' => __('In a page of the shop')],
            ['value' => 'redirect', 'label' => __("On the bridge's payment page")],
        ];
    }
}
