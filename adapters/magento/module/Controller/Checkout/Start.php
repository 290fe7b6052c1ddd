<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Controller\Checkout;

use Magento\Checkout\Model\Session;
use Magento\Framework\App\Action\HttpGetActionInterface;
use Magento\Framework\Controller\Result\Redirect;
use Magento\Framework\Controller\Result\RedirectFactory;
use Magento\Framework\Message\ManagerInterface;
use PaymentBridge\Checkout\Model\Cart;
use PaymentBridge\Checkout\Model\Config;
use PaymentBridge\Checkout\Model\Log;
use PaymentBridge\Checkout\Model\Payments;
use PaymentBridge\Checkout\Model\Tables;
use PaymentBridge\Core\ApiException;
use PaymentBridge\Core\Row;

/**
 * From the placed order to the payment: opened twice, it is the same payment.
 */
class Start implements HttpGetActionInterface
{
    public function __construct(
        private Session $session,
        private RedirectFactory $redirects,
        private ManagerInterface $messages,
        private Payments $payments,
        private Tables $tables,
        private Config $config,
        private Cart $cart,
        private Log $log
    ) {
    }

    public function execute()
    {
        return $this->next()->setHeader('Cache-Control', 'no-store', true);
    }

    private function next(): Redirect
    {
        $order = $this->session->getLastRealOrder();
        if (!$order->getId() || !$this->config->isOurs($order->getPayment()->getMethod())) {
            return $this->redirects->create()->setPath('checkout/cart');
        }
        try {
            $attempt = $this->payments->start($order);
        } catch (ApiException $refused) {
            $this->messages->addErrorMessage(__('This payment is not possible. Please choose another way to pay.'));
            $this->cart->giveBack();
            return $this->redirects->create()->setPath('checkout/cart');
        } catch (\Throwable $silence) {
            $this->log->note('a payment could not be started', ['why' => $silence->getMessage()]);
            $this->messages->addErrorMessage(__('The payment service does not answer at the moment. Please try again.'));
            $this->session->setPaymentBridgeSilentAt(time());
            $attempt = $this->tables->latestAttempt((int) $order->getId());
            return $this->waiting($attempt);
        }
        return $attempt === null ? $this->waiting($this->tables->latestAttempt((int) $order->getId())) : $this->pay($attempt);
    }

    private function pay(array $attempt): Redirect
    {
        if ($this->config->showsWidget((int) $attempt['store_id'])) {
            return $this->redirects->create()->setPath('paymentbridge/checkout/frame', ['token' => $attempt['token']]);
        }
        return $this->redirects->create()->setUrl(Row::page($attempt));
    }

    private function waiting(?array $attempt): Redirect
    {
        if ($attempt === null) {
            return $this->redirects->create()->setPath('checkout/cart');
        }
        return $this->redirects->create()->setPath('paymentbridge/checkout/done', ['token' => $attempt['token']]);
    }
}
