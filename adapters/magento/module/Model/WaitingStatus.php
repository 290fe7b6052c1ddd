<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Sales\Model\Config\Source\Order\Status;
use Magento\Sales\Model\Order;

/**
 * The statuses that an unpaid order may have.
 */
class WaitingStatus extends Status
{
    /** @var string[] */
    // phpcs:ignore PSR2.Classes.PropertyDeclaration.Underscore -- the name is Magento's
    protected $_stateStatuses = [Order::STATE_PENDING_PAYMENT];
}
