// Keeps the page fresh without losing the place where the reader is.
"use strict";
(() => {
  const sign = document.querySelector("[data-refresh]");
  if (!sign) return;
  const seconds = Number(sign.dataset.refresh);
  const renew = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "manual" });
      if (answer.type === "opaqueredirect") return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelector("main").replaceChildren(...page.querySelector("main").childNodes);
      document.title = page.title;
    } catch {
      const state = document.querySelector("[data-refresh-state]");
      if (state) {
        state.textContent = "更新できません。表示は上の時刻のものです。";
        state.className = "stale";
      }
    }
  };
  setInterval(renew, seconds * 1000);
  document.addEventListener("visibilitychange", renew);
})();
