// A change that is still at work goes on by itself; without script somebody presses the button.
"use strict";
const form = document.querySelector("form[data-go-on]");
if (form) setTimeout(() => form.submit(), 300);
