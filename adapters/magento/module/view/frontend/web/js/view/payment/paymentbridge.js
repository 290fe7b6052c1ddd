define(['uiComponent', 'Magento_Checkout/js/model/payment/renderer-list'], function (Component, renderers) {
    'use strict';

    ['paymentbridge_wallet', 'paymentbridge_card'].forEach(function (code) {
        renderers.push({
            type: code,
            component: 'PaymentBridge_Checkout/js/view/payment/method-renderer/paymentbridge-method'
        });
    });
    return Component.extend({});
});
