// Function keys: any link or button with data-key is pressed by that key, from anywhere on the page. F1 opens the guide
// over the page, so that nothing typed is lost.
"use strict";
window.kura = window.kura || {};
(() => {
  const name = (event) => `${event.shiftKey ? "Shift+" : ""}${event.key}`;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !/^F\d{1,2}$/.test(event.key)) return;
    if (document.body.classList.contains("locked")) { event.preventDefault(); return; }
    const target = [...document.querySelectorAll(`[data-key="${name(event)}"]`)].find((one) => !one.disabled && !one.closest("[hidden]"));
    if (!target) return;
    event.preventDefault();
    target.click();
  });

  // A dialog of our own: what was focused is focused again when it closes.
  const dialog = (html, label) => {
    const box = document.createElement("dialog");
    box.className = "over";
    box.setAttribute("aria-label", label);
    box.innerHTML = html;
    const before = document.activeElement;
    box.addEventListener("close", () => { box.remove(); if (before) before.focus(); });
    document.body.append(box);
    box.showModal();
    return box;
  };
  window.kura.dialog = dialog;

  const guide = document.querySelector("a[data-guide]");
  if (guide) {
    guide.addEventListener("click", async (event) => {
      event.preventDefault();
      const open = document.querySelector("dialog.guide");
      if (open) { open.close(); return; }
      const reply = await fetch(guide.href, { headers: { Accept: "application/json" } }).catch(() => null);
      if (!reply || !reply.ok) { location.href = guide.href; return; }
      dialog((await reply.json()).html, "手引き").classList.add("guide");
    });
  }

  // Lists: the arrow keys move through rows that can be opened, Enter opens.
  document.addEventListener("keydown", (event) => {
    if (!["ArrowDown", "ArrowUp"].includes(event.key) || event.target.closest("input:not([type=search]), textarea, select, dialog")) return;
    const links = [...document.querySelectorAll("main table tbody tr td:first-child a")];
    if (!links.length || document.querySelector("#scan")) return;
    const here = links.indexOf(document.activeElement);
    const next = links[Math.min(links.length - 1, Math.max(0, here + (event.key === "ArrowDown" ? 1 : -1)))];
    event.preventDefault();
    next.focus();
  });
})();
