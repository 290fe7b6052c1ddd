define([], function () {
    'use strict';

    var PAUSE = 4000, // ms in which the payer reads what the checkout says
        OVER = ['cc-decline', 'cc-cancel', 'cc-expire', 'cc-fail'];

    /* A final event is a hint: the page behind return-url asks the bridge what really happened. */
    return function (config, element) {
        OVER.forEach(function (name) {
            element.addEventListener(name, function () {
                setTimeout(function () {
                    window.location.assign(element.getAttribute('return-url'));
                }, PAUSE);
            });
        });
    };
});
