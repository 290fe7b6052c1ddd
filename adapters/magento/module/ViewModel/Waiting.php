<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\ViewModel;

use Magento\Checkout\Model\Session;
use Magento\Framework\App\RequestInterface;
use Magento\Framework\Data\Form\FormKey;
use Magento\Framework\UrlInterface;
use Magento\Framework\View\Element\Block\ArgumentInterface;
use PaymentBridge\Checkout\Model\Config;
use PaymentBridge\Checkout\Model\Orders;
use PaymentBridge\Checkout\Model\Tables;
use PaymentBridge\Core\Row;

/**
 * What the frame's page and the waiting page show: an order number, a state, and addresses.
 */
class Waiting implements ArgumentInterface
{
    public function __construct(
        private RequestInterface $request,
        private Session $session,
        private UrlInterface $urls,
        private FormKey $formKey,
        private Config $config,
        private Tables $tables,
        private Orders $orders
    ) {
    }

    public function attempt(): array
    {
        return (array) $this->tables->attemptByToken((string) $this->request->getParam('token'));
    }

    public function number(): string
    {
        return Row::number($this->attempt());
    }

    public function state(): string
    {
        return $this->orders->state($this->orders->fresh((int) $this->attempt()['order_id']));
    }

    /**
     * Tell whether the provider has said that nothing was charged and nothing will be: only then the page says so.
     */
    public function isSurelyOver(): bool
    {
        return Row::isSurelyOver($this->attempt());
    }

    /**
     * Tell whether the bridge has answered; before that nobody has seen a payment page.
     */
    public function hasBegun(): bool
    {
        return $this->attempt()['payment_id'] !== null;
    }

    /**
     * Tell whether this session placed the order; only then there are buttons.
     */
    public function isOwn(): bool
    {
        return (int) $this->session->getLastRealOrder()->getId() === (int) $this->attempt()['order_id'];
    }

    public function address(string $action): string
    {
        $token = ['token' => $this->attempt()['token'], '_secure' => true];
        return $this->urls->getUrl('paymentbridge/checkout/' . $action, $action === 'start' ? ['_secure' => true] : $token);
    }

    public function widgetScript(): string
    {
        return $this->config->bridgeUrl((int) $this->attempt()['store_id']) . '/widget/v1/checkout.js';
    }

    /**
     * Return the bridge's own page, for browsers that do not show it in the shop's; null if it was never told.
     */
    public function page(): ?string
    {
        return Row::page($this->attempt());
    }

    public function locale(): string
    {
        return $this->config->locale((int) $this->attempt()['store_id']);
    }

    public function formKey(): string
    {
        return $this->formKey->getFormKey();
    }
}
