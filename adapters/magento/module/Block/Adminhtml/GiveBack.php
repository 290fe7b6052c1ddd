<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Block\Adminhtml;

use Magento\Backend\Block\Template;
use Magento\Backend\Block\Template\Context;
use PaymentBridge\Checkout\Model\GiveBack as GiveBackModel;
use PaymentBridge\Core\BridgeException;
use PaymentBridge\Core\Money;

/**
 * What an order's page says of money that no credit memo can give back; nothing where there is none.
 */
class GiveBack extends Template
{
    /** @var string */
    // phpcs:ignore PSR2.Classes.PropertyDeclaration.Underscore -- the name is Magento's
    protected $_template = 'PaymentBridge_Checkout::give_back.phtml';

    public function __construct(Context $context, private GiveBackModel $giveBack, array $data = [])
    {
        parent::__construct($context, $data);
    }

    /**
     * Return the sums that are owed, each with `money` to read; null if the bridge cannot say at the moment.
     */
    public function sums(): ?array
    {
        try {
            return array_map(static function (array $sum): array {
                return ['money' => Money::toDecimal($sum['amount'], $sum['currency']) . ' ' . $sum['currency']] + $sum;
            }, $this->giveBack->owed($this->orderId()));
        } catch (BridgeException $silence) {
            return null;
        }
    }

    public function orderId(): int
    {
        return (int) $this->getRequest()->getParam('order_id');
    }

    public function action(): string
    {
        return $this->getUrl('paymentbridge/refund/giveBack');
    }

    // phpcs:ignore PSR2.Methods.MethodDeclaration.Underscore -- the name is Magento's
    protected function _toHtml()
    {
        $isOffered = $this->orderId() > 0 && $this->_authorization->isAllowed('Magento_Sales::creditmemo');
        return $isOffered && $this->giveBack->candidates($this->orderId()) !== [] ? parent::_toHtml() : '';
    }
}
