/* Asks for the state of a payment that is under way, and loads the page again when it has changed. */
(function () {
  'use strict';

  var EVERY = 2500; // ms
  var MOST = 12; // times, half a minute; then the payer is told that it takes longer
  var times = 0;
  var element = document.getElementById('paymentbridge-return');

  if (!element) {
    return;
  }
  if (window.top !== window) {
    window.top.location = window.location.href; // sent back inside the frame
    return;
  }
  if (element.getAttribute('data-state') === 'open') {
    again();
  }

  function again() {
    times += 1;
    if (times > MOST) {
      element.querySelector('.paymentbridge-later').hidden = false;
      return;
    }
    setTimeout(ask, EVERY);
  }

  function ask() {
    fetch(element.getAttribute('data-url'), { credentials: 'same-origin' }).then(function (answer) {
      return answer.json();
    }).then(function (told) {
      if (told.state === 'open') {
        again();
      } else {
        window.location.reload();
      }
    }).catch(again);
  }
}());
