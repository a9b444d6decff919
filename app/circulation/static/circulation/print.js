// Slips leave through a hidden frame: the screen stays, the focus comes back. A terminal may ask before it prints.
"use strict";
window.kura = window.kura || {};
(() => {
  const form = document.getElementById("scan");
  const { paper, slipCss } = form.dataset;
  const roll = { "58mm": 58, "80mm": 80 }[paper];
  let last = [];

  const frame = (slips) => new Promise((done) => {
    const box = document.createElement("iframe");
    box.className = "frame";
    box.setAttribute("aria-hidden", "true");
    box.tabIndex = -1;
    document.body.append(box);
    const inside = box.contentDocument;
    inside.documentElement.lang = "ja";
    const style = inside.createElement("link");
    style.rel = "stylesheet";
    style.href = slipCss;
    inside.body.className = `paper-${paper}`;
    inside.body.innerHTML = slips.map((slip) => slip.html).join("");
    style.addEventListener("load", () => {
      if (roll) { // a roll's page is as long as its longest slip
        const tall = Math.max(...[...inside.querySelectorAll(".slip")].map((slip) => slip.offsetHeight));
        const sheet = new box.contentWindow.CSSStyleSheet();
        sheet.replaceSync(`@page { size: ${roll}mm ${Math.ceil(tall / 3.78) + 12}mm; margin: 3mm }`);
        inside.adoptedStyleSheets = [sheet];
      }
      box.contentWindow.addEventListener("afterprint", () => setTimeout(() => box.remove(), 0));
      box.contentWindow.print();
      setTimeout(() => box.remove(), 60000);
      done();
    });
    style.addEventListener("error", () => { box.remove(); done(); });
    inside.head.append(style);
  });
  const ask = (slips) => new Promise((done) => {
    const box = window.kura.dialog(`<h1></h1><div class="papers"></div><div class="actions"><button type="button">印刷</button><button type="button" class="second">やめる</button></div>`, "印刷の確認");
    box.querySelector("h1").textContent = `印刷 ${slips.length}枚`;
    box.querySelector(".papers").innerHTML = slips.map((slip) => slip.html).join("");
    const [yes, no] = box.querySelectorAll("button");
    let said = false;
    yes.addEventListener("click", () => { said = true; box.close(); });
    no.addEventListener("click", () => box.close());
    box.addEventListener("close", () => done(said));
    yes.focus();
  });
  // `always`: a key asked for it. Otherwise the terminal's setting decides; kept for printing again in any case.
  const print = async (slips, always) => {
    if (!slips || !slips.length) return;
    last = slips;
    if (!always && form.dataset.auto !== "on") return;
    if (form.dataset.confirm === "on" && !(await ask(slips))) return;
    await frame(slips);
  };
  window.kura.print = print;
  window.kura.reprint = () => (last.length ? frame(last).then(() => true) : false);
})();
