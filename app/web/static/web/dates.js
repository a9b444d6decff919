// The browser's calendar beside a line for a date in any notation: choosing a day there writes it into the line.
"use strict";
document.querySelectorAll("input[data-fills]").forEach((calendar) => {
  const line = document.getElementById(calendar.dataset.fills);
  calendar.hidden = false;
  calendar.addEventListener("change", () => {
    if (!calendar.value) return;
    line.value = calendar.value.replaceAll("-", "/");
    line.dispatchEvent(new Event("change", { bubbles: true }));
    line.focus();
  });
});
