<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Controller\Checkout;

use Magento\Framework\App\Action\HttpGetActionInterface;
use Magento\Framework\App\RequestInterface;
use Magento\Framework\Controller\Result\JsonFactory;
use PaymentBridge\Checkout\Model\Orders;
use PaymentBridge\Checkout\Model\Tables;

/**
 * What the waiting page asks every few seconds: open, paid or canceled, and nothing else.
 */
class Status implements HttpGetActionInterface
{
    public function __construct(
        private RequestInterface $request,
        private JsonFactory $results,
        private Tables $tables,
        private Orders $orders
    ) {
    }

    public function execute()
    {
        $attempt = $this->tables->attemptByToken((string) $this->request->getParam('token'));
        $answer = $this->results->create()->setHeader('Cache-Control', 'no-store', true);
        if ($attempt === null) {
            return $answer->setHttpResponseCode(404)->setData(['state' => 'unknown']);
        }
        return $answer->setData(['state' => $this->orders->state($this->orders->fresh((int) $attempt['order_id']))]);
    }
}
