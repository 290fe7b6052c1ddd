<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Controller\Checkout;

use Magento\Checkout\Model\Session;
use Magento\Framework\App\Action\HttpPostActionInterface;
use Magento\Framework\App\RequestInterface;
use Magento\Framework\Controller\Result\RedirectFactory;
use Magento\Framework\Message\ManagerInterface;
use PaymentBridge\Checkout\Model\Log;
use PaymentBridge\Checkout\Model\Payments;
use PaymentBridge\Checkout\Model\Tables;

/**
 * The customer gives the payment up, with a form of the waiting page and only from the session that placed the order.
 */
class GiveUp implements HttpPostActionInterface
{
    public function __construct(
        private RequestInterface $request,
        private Session $session,
        private RedirectFactory $redirects,
        private ManagerInterface $messages,
        private Payments $payments,
        private Tables $tables,
        private Log $log
    ) {
    }

    public function execute()
    {
        $attempt = $this->tables->attemptByToken((string) $this->request->getParam('token'));
        $own = (int) $this->session->getLastRealOrder()->getId();
        if ($attempt === null || $own !== (int) $attempt['order_id']) {
            return $this->redirects->create()->setPath('checkout/cart');
        }
        try {
            $this->payments->giveUp($attempt);
        } catch (\Throwable $silence) {
            $this->log->note('a payment could not be given up', ['why' => $silence->getMessage()]);
            $this->messages->addErrorMessage(__('The payment service does not answer at the moment. Please try again.'));
            $this->session->setPaymentBridgeSilentAt(time());
        }
        return $this->redirects->create()->setPath('paymentbridge/checkout/done', ['token' => $attempt['token']]);
    }
}
