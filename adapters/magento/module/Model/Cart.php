<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Model;

use Magento\Checkout\Model\Session;
use Magento\Quote\Api\CartRepositoryInterface;

/**
 * The cart of an order that came to nothing, given back to the session that placed it.
 */
class Cart
{
    public function __construct(private Session $session, private CartRepositoryInterface $carts)
    {
    }

    /**
     * Make the last order's cart the session's again, with whatever was put into a new one meanwhile: by itself
     * Magento would forget that. Afterwards the order is no more the session's, whatever came of it.
     */
    public function giveBack(): void
    {
        $new = $this->session->getQuote();
        $hasNews = $new->hasItems();
        $isBack = $this->session->restoreQuote();
        $this->session->setLastRealOrderId(null);
        $old = $this->session->getQuote();
        if ($isBack && $hasNews && (int) $old->getId() !== (int) $new->getId()) {
            $this->carts->save($old->merge($new)->collectTotals());
            $this->carts->delete($new);
        }
    }
}
