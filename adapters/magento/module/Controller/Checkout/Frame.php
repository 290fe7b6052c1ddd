<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Controller\Checkout;

use Magento\Framework\App\Action\HttpGetActionInterface;
use Magento\Framework\App\RequestInterface;
use Magento\Framework\Controller\Result\RedirectFactory;
use Magento\Framework\View\Result\PageFactory;
use PaymentBridge\Checkout\Model\Tables;
use PaymentBridge\Core\Row;

/**
 * The bridge's checkout inside a page of the shop.
 */
class Frame implements HttpGetActionInterface
{
    public function __construct(
        private RequestInterface $request,
        private PageFactory $pages,
        private RedirectFactory $redirects,
        private Tables $tables
    ) {
    }

    public function execute()
    {
        $attempt = $this->tables->attemptByToken((string) $this->request->getParam('token'));
        if ($attempt === null || !in_array($attempt['status'], ['created', 'pending'], true)) {
            $token = ['token' => $attempt['token'] ?? ''];
            return $this->redirects->create()->setPath('paymentbridge/checkout/done', $token);
        }
        $page = $this->pages->create();
        $page->setHeader('Cache-Control', 'no-store', true);
        $page->getConfig()->getTitle()->set(__('Pay for order %1', Row::number($attempt)));
        return $page;
    }
}
