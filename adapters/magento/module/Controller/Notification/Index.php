<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Controller\Notification;

use Magento\Framework\App\Action\HttpGetActionInterface;
use Magento\Framework\App\Action\HttpPostActionInterface;
use Magento\Framework\App\CsrfAwareActionInterface;
use Magento\Framework\App\Request\Http;
use Magento\Framework\App\Request\InvalidRequestException;
use Magento\Framework\App\RequestInterface;
use Magento\Framework\Controller\Result\RawFactory;
use PaymentBridge\Checkout\Model\Config;
use PaymentBridge\Checkout\Model\Log;
use PaymentBridge\Checkout\Model\Payments;

/**
 * Where the bridge posts notifications. The signature is the guard, so there is no form key; nothing but a status
 * is ever answered.
 */
class Index implements HttpPostActionInterface, HttpGetActionInterface, CsrfAwareActionInterface
{
    private const HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];

    public function __construct(
        private Http $request,
        private RawFactory $results,
        private Payments $payments,
        private Config $config,
        private Log $log
    ) {
    }

    public function execute()
    {
        return $this->results->create()
            ->setHttpResponseCode($this->take())
            ->setHeader('Cache-Control', 'no-store', true)
            ->setContents('');
    }

    public function createCsrfValidationException(RequestInterface $request): ?InvalidRequestException
    {
        return null;
    }

    public function validateForCsrf(RequestInterface $request): ?bool
    {
        return true;
    }

    private function take(): int
    {
        try {
            $headers = [];
            foreach (self::HEADERS as $name) {
                $headers[$name] = (string) $this->request->getHeader($name);
            }
            $secrets = $this->config->notificationSecrets();
            $body = (string) $this->request->getContent();
            return $this->payments->processor()->take($this->request->getMethod(), $headers, $body, $secrets, time());
        } catch (\Throwable $failure) {
            $this->log->note('a notification could not be applied', ['why' => $failure->getMessage()]);
            return 500;
        }
    }
}
