<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Controller\Checkout;

use Magento\Checkout\Model\Session;
use Magento\Framework\App\Action\HttpGetActionInterface;
use Magento\Framework\App\RequestInterface;
use Magento\Framework\Controller\Result\RedirectFactory;
use Magento\Framework\Controller\ResultInterface;
use Magento\Framework\Message\ManagerInterface;
use Magento\Framework\Phrase;
use Magento\Framework\View\Result\PageFactory;
use PaymentBridge\Checkout\Model\Cart;
use PaymentBridge\Checkout\Model\Log;
use PaymentBridge\Checkout\Model\Orders;
use PaymentBridge\Checkout\Model\Payments;
use PaymentBridge\Checkout\Model\Tables;
use PaymentBridge\Core\Row;

/**
 * Where the customer comes back to. Coming back proves nothing: the bridge is asked, and what it says is shown.
 *
 * The token shows a result, to whoever has it, and nothing else: who is not in the session that placed the order
 * reads an order number and a state.
 */
class Done implements HttpGetActionInterface
{
    private const JUST = 10; // seconds

    public function __construct(
        private RequestInterface $request,
        private Session $session,
        private PageFactory $pages,
        private RedirectFactory $redirects,
        private ManagerInterface $messages,
        private Payments $payments,
        private Tables $tables,
        private Orders $orders,
        private Cart $cart,
        private Log $log
    ) {
    }

    public function execute()
    {
        $attempt = $this->tables->attemptByToken((string) $this->request->getParam('token'));
        if ($attempt === null) {
            return $this->redirects->create()->setPath('checkout/cart');
        }
        $this->learn($attempt);
        $orderId = (int) $attempt['order_id'];
        $state = $this->orders->state($this->orders->fresh($orderId));
        $isOwn = (int) $this->session->getLastRealOrder()->getId() === $orderId;
        return $isOwn && $state !== 'open' ? $this->goOn($state, $attempt) : $this->page();
    }

    private function learn(array $attempt): void
    {
        if ($this->hasJustAskedInVain()) {
            return;
        }
        try {
            $this->payments->refresh($attempt);
        } catch (\Throwable $silence) {
            // The page shows what is known, whatever was silent or broke; a notification or the next load brings the rest.
            $this->log->note('a payment could not be asked about', ['why' => $silence->getMessage()]);
        }
    }

    /**
     * Tell whether the door before this one has just waited for the bridge in vain; told once, so the next load asks.
     */
    private function hasJustAskedInVain(): bool
    {
        $silentAt = (int) $this->session->getPaymentBridgeSilentAt();
        $this->session->setPaymentBridgeSilentAt(null);
        return $silentAt > time() - self::JUST;
    }

    private function goOn(string $state, array $attempt): ResultInterface
    {
        if ($state === 'paid') {
            $this->rememberSuccess($attempt);
            return $this->redirects->create()->setPath('checkout/onepage/success');
        }
        $this->cart->giveBack();
        $this->messages->addWarningMessage($this->words((string) $attempt['token']));
        return $this->redirects->create()->setPath('checkout/cart');
    }

    private function words(string $token): Phrase
    {
        $attempt = $this->tables->attemptByToken($token);
        return Row::isSurelyOver($attempt)
            ? __('Nothing was paid for order %1. Your cart is as it was.', Row::number($attempt))
            : __(
                'Order %1 is canceled, and your cart is as it was. Please do not accept the payment of that order any more, if you are still asked to.',
                Row::number($attempt)
            );
    }

    private function rememberSuccess(array $attempt): void
    {
        $order = $this->orders->fresh((int) $attempt['order_id']);
        $this->session->setLastQuoteId($order->getQuoteId())
            ->setLastSuccessQuoteId($order->getQuoteId())
            ->setLastOrderId($attempt['order_id'])
            ->setLastRealOrderId($order->getIncrementId());
    }

    private function page(): ResultInterface
    {
        $page = $this->pages->create();
        $page->setHeader('Cache-Control', 'no-store', true);
        $page->getConfig()->getTitle()->set(__('Your payment'));
        return $page;
    }
}
