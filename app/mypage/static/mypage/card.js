// The screen stays lit while the card is shown, where the telephone lets a page ask for it.
(() => {
  "use strict";
  if (!("wakeLock" in navigator)) return;
  const light = () => navigator.wakeLock.request("screen").catch(() => {});
  light();
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") light(); });
})();
