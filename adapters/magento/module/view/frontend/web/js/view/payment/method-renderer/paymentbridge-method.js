define(['Magento_Checkout/js/view/payment/default'], function (Component) {
    'use strict';

    return Component.extend({
        defaults: {template: 'PaymentBridge_Checkout/payment/paymentbridge'},
        redirectAfterPlaceOrder: false,

        /** The order is placed; now to its payment. */
        afterPlaceOrder: function () {
            window.location.replace(window.checkoutConfig.payment[this.getCode()].startUrl);
        }
    });
});
