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

  // The page beside the stack's printer: new requests come out by themselves.
  const stack = document.getElementById("stack");
  if (!stack) return;
  const papers = document.getElementById("papers");
  const look = async () => {
    try {
      const answer = await fetch(location.href, { method: "POST", headers: { Accept: "application/json" }, body: new FormData(stack) });
      const { slips: fresh } = await answer.json();
      if (!fresh.length) return;
      papers.innerHTML = `<section class="slips">${fresh.map((slip) => slip.html).join("")}</section>`;
      document.getElementById("last").textContent = `${new Date().toLocaleTimeString("ja-JP")} に${fresh.length}枚を印刷しました。`;
      printSlips();
    } catch {
      document.getElementById("last").textContent = "サーバーに届きません。つながり次第、続けます。";
    }
  };
  setInterval(look, Number(stack.dataset.every) * 1000);
})();
