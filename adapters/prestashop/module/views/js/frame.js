/* A final event is a hint: the page behind return-url asks the bridge what really happened. */
(function () {
  'use strict';

  var PAUSE = 4000; // ms in which the payer reads what the checkout says
  var OVER = ['cc-decline', 'cc-cancel', 'cc-expire', 'cc-fail'];
  var element = document.getElementById('paymentbridge-checkout');

  if (!element) {
    return;
  }
  OVER.forEach(function (name) {
    element.addEventListener(name, function () {
      setTimeout(function () {
        window.location.assign(element.getAttribute('return-url'));
      }, PAUSE);
    });
  });
}());
