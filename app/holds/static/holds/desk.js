// Lists and slips on paper by a key; slips by themselves where the terminal prints without asking.
"use strict";
(() => {
  const body = document.body;
  const slips = document.querySelector(".slips");
  const printSlips = () => {
    body.classList.add("printing-slips");
    window.addEventListener("afterprint", () => body.classList.remove("printing-slips"), { once: true });
    window.print();
  };
  for (const button of document.querySelectorAll("[data-print-page]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
  for (const button of document.querySelectorAll("[data-print-again]")) {
    button.hidden = false;
    button.addEventListener("click", printSlips);
  }
  if (slips && slips.dataset.print === "on") printSlips();
})();
