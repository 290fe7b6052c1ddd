define(['jquery'], function ($) {
    'use strict';

    var EVERY = 2500, // ms
        MOST = 12; // times, half a minute; then the payer is told that it takes longer

    return function (config, element) {
        var times = 0;

        if (window.top !== window) {
            window.top.location = window.location.href; // sent back inside the frame
            return;
        }

        function again() {
            times += 1;
            if (times > MOST) {
                $('.paymentbridge-later', element).prop('hidden', false);
                return;
            }
            setTimeout(ask, EVERY);
        }

        function ask() {
            $.getJSON(config.url).done(function (answer) {
                if (answer.state === 'open') {
                    again();
                } else {
                    window.location.reload();
                }
            }).fail(again);
        }
        again();
    };
});
