<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Block\Adminhtml;

use Magento\Backend\Block\Template\Context;
use Magento\Config\Block\System\Config\Form\Field;
use Magento\Framework\Data\Form\Element\AbstractElement;
use Magento\Framework\Url;
use Magento\Store\Model\StoreManagerInterface;
use PaymentBridge\Checkout\Model\Tables;

/**
 * The address that the bridge's operator has to know, and when it was last used.
 */
class NotificationUrl extends Field
{
    public function __construct(
        Context $context,
        private Url $urls,
        private StoreManagerInterface $stores,
        private Tables $tables,
        array $data = []
    ) {
        parent::__construct($context, $data);
    }

    // phpcs:ignore PSR2.Methods.MethodDeclaration.Underscore -- the name is Magento's
    protected function _getElementHtml(AbstractElement $element)
    {
        $store = $this->stores->getDefaultStoreView();
        $parameters = ['_scope' => $store->getId(), '_nosid' => true];
        $url = $this->urls->getUrl('paymentbridge/notification', $parameters);
        $last = $this->tables->lastEventTime();
        $words = $last === '' ? __('None has arrived yet.') : __('The last one was applied at %1 UTC.', $last);
        return '<code>' . $this->escapeHtml($url) . '</code><br>' . $this->escapeHtml($words);
    }
}
