// A search terminal forgets its reader: after 60 seconds without a touch it ends the session, clears the page and
// begins again. A warning stands for the last 20. Pages replace each other, so that the browser has nothing to go back to.
(() => {
  "use strict";
  const IDLE = 60, WARNING = 20, TOUCHED = "touched", WAY = "way";
  const end = document.getElementById("kiosk-end"), idle = document.getElementById("idle");
  const left = document.getElementById("idle-left");
  let last = Date.now(), ending = false;

  const touch = () => {
    last = Date.now();
    sessionStorage.setItem(TOUCHED, "yes");
  };
  const stay = () => { if (idle.open) idle.close(); };
  for (const event of ["pointerdown", "keydown", "input", "wheel"]) addEventListener(event, touch, { capture: true, passive: true });
  addEventListener("click", stay, { capture: true });
  addEventListener("keydown", stay, { capture: true });
  if (location.pathname + location.search !== end.dataset.start) sessionStorage.setItem(TOUCHED, "yes");

  const forget = async () => {
    if (ending) return;
    ending = true;
    sessionStorage.clear();
    document.querySelector("main").replaceChildren();
    for (;;) {
      try {
        await fetch(end.action, { method: "POST", redirect: "manual" });
        location.replace(end.dataset.start);
        return;
      } catch {
        await new Promise((again) => setTimeout(again, 5000)); // the line is cut: the page stays empty until it is back
      }
    }
  };
  setInterval(() => {
    if (ending || !sessionStorage.getItem(TOUCHED)) return;
    const quiet = (Date.now() - last) / 1000;
    if (quiet >= IDLE) forget();
    else if (quiet >= IDLE - WARNING) {
      if (!idle.open) idle.showModal();
      left.textContent = String(Math.ceil(IDLE - quiet));
    }
  }, 250);
  end.addEventListener("submit", (event) => { event.preventDefault(); forget(); });

  // The way back is kept by the page itself and forgotten with everything else.
  const way = JSON.parse(sessionStorage.getItem(WAY) || "[]");
  const here = location.pathname + location.search;
  const back = document.getElementById("kiosk-back");
  if (way.length) {
    back.hidden = false;
    back.addEventListener("click", () => {
      const to = way.pop();
      sessionStorage.setItem(WAY, JSON.stringify(way));
      location.replace(to);
    });
  }
  const go = (url) => {
    if (url.pathname + url.search !== here) sessionStorage.setItem(WAY, JSON.stringify([...way, here].slice(-30)));
    location.replace(url.href);
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link) return;
    const url = new URL(link.href);
    if (url.pathname === location.pathname && url.search === location.search && url.hash) return;
    event.preventDefault();
    if (url.origin === location.origin) go(url); // other sites are not for this terminal
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "get") return;
    event.preventDefault();
    const url = new URL(form.action);
    url.search = new URLSearchParams(new FormData(form, event.submitter)).toString();
    go(url);
  });
  for (const form of document.forms) form.autocomplete = "off";
  for (const field of document.querySelectorAll("input")) field.autocomplete = "off";
})();
