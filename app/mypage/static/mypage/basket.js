// With a script a title goes into the basket without leaving the page, and the menu says how many lie there.
(() => {
  "use strict";
  const link = document.querySelector("[data-basket-link]");
  const show = (count) => {
    if (!link) return;
    let number = link.querySelector(".count");
    if (!number) link.append(" ", number = Object.assign(document.createElement("span"), { className: "count" }));
    number.textContent = count ? `(${count})` : "";
  };
  const kept = document.cookie.match(/(?:^|; )kura_basket=([0-9.]+)/);
  if (kept) show(kept[1].split(".").length);
  const told = Object.assign(document.createElement("p"), { className: "unseen" });
  told.setAttribute("role", "status");
  document.body.append(told);
  const put = async (form) => {
    const button = form.querySelector("button");
    try {
      const answer = await fetch(form.action, {
        method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const { count, said } = await answer.json();
      show(count);
      told.textContent = said;
      button.lastChild.textContent = ` ${said}`;
    } catch { form.submit(); }
  };
  // One after another: each answer carries the whole basket, and two at once would lose one of them.
  let before = Promise.resolve();
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-basket]")) return;
    event.preventDefault();
    before = before.then(() => put(event.target));
  });
})();
