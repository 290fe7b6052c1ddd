<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Block\Adminhtml;

use Magento\Config\Block\System\Config\Form\Field;
use Magento\Framework\Data\Form\Element\AbstractElement;

/**
 * The button that tests the stored connection.
 */
class TestConnection extends Field
{
    /** @var string */
    // phpcs:ignore PSR2.Classes.PropertyDeclaration.Underscore -- the name is Magento's
    protected $_template = 'PaymentBridge_Checkout::test_connection.phtml';

    public function render(AbstractElement $element)
    {
        $bare = clone $element;
        $bare->unsScope()->unsCanUseWebsiteValue()->unsCanUseDefaultValue();
        return parent::render($bare);
    }

    public function testUrl(): string
    {
        $scope = array_filter([
            'store' => $this->getRequest()->getParam('store'),
            'website' => $this->getRequest()->getParam('website'),
        ]);
        return $this->getUrl('paymentbridge/connection/test', $scope);
    }

    // phpcs:ignore PSR2.Methods.MethodDeclaration.Underscore -- the name is Magento's
    protected function _getElementHtml(AbstractElement $element)
    {
        return $this->_toHtml();
    }
}
