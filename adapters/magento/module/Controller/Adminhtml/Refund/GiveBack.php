<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Controller\Adminhtml\Refund;

use Magento\Backend\App\Action;
use Magento\Backend\App\Action\Context;
use Magento\Framework\App\Action\HttpPostActionInterface;
use Magento\Framework\Exception\LocalizedException;
use PaymentBridge\Checkout\Model\GiveBack as GiveBackModel;

/**
 * The button on an order's page that gives money back for which no credit memo can be made.
 */
class GiveBack extends Action implements HttpPostActionInterface
{
    public const ADMIN_RESOURCE = 'Magento_Sales::creditmemo';

    public function __construct(Context $context, private GiveBackModel $giveBack)
    {
        parent::__construct($context);
    }

    public function execute()
    {
        $orderId = (int) $this->getRequest()->getParam('order_id');
        try {
            $this->giveBack->giveBack(
                $orderId,
                (string) $this->getRequest()->getParam('payment'),
                (int) $this->getRequest()->getParam('amount')
            );
            $this->messageManager->addSuccessMessage(__('It was given back, or is on its way.'));
        } catch (LocalizedException $refused) {
            $this->messageManager->addErrorMessage($refused->getMessage());
        }
        return $this->resultRedirectFactory->create()->setPath('sales/order/view', ['order_id' => $orderId]);
    }
}
