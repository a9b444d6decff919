// Nobody at the counter: the page hides itself and asks who is there. What was typed stays; somebody else at the same
// terminal begins afresh under their own name.
"use strict";
(() => {
  const minutes = Number(document.body.dataset.lock);
  const who = document.querySelector("form.who");
  if (!minutes || !who) return;
  const mine = document.body.dataset.staff;
  const title = document.title;
  let last = Date.now();
  let box = null;
  let before = null;

  const token = () => who.elements.csrfmiddlewaretoken.value;
  const post = (url, values) => {
    const body = new URLSearchParams({ csrfmiddlewaretoken: token(), ...values });
    return fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
  };
  const hide = async (why, number) => {
    if (box) return;
    before = document.activeElement;
    document.body.classList.add("locked");
    document.title = "離席中";
    box = document.createElement("div");
    box.className = "lock";
    box.innerHTML = `<form class="card" autocomplete="off" data-no-draft>
      <h1></h1><p class="faint"></p><p class="notice bad" role="alert" hidden></p>
      <div class="field"><label for="lock-number">職員証・職員番号</label><input id="lock-number" name="number" autocapitalize="none" data-no-draft></div>
      <div class="field"><label for="lock-secret">暗証番号またはパスワード</label><input id="lock-secret" name="secret" type="password" autocomplete="off"></div>
      <div class="actions"><button type="submit">続ける</button></div></form>`;
    box.querySelector("h1").textContent = why === "idle" ? "離席中です" : "操作者を替えます";
    box.querySelector(".faint").textContent = why === "idle" ? "同じ職員なら、元の画面に入力を残したまま戻ります。" : "職員証を読み取り、暗証番号を入れてください。";
    document.body.append(box);
    const form = box.querySelector("form");
    form.elements.number.value = number;
    (number ? form.elements.secret : form.elements.number).focus();
    form.addEventListener("submit", enter);
    form.addEventListener("keydown", (event) => { if (event.key === "Escape" && why === "switch") show(); });
    if (why === "idle") await post("/staff/lock/", {}).catch(() => null);
  };
  const show = () => {
    box.remove();
    box = null;
    document.body.classList.remove("locked");
    document.title = title;
    last = Date.now();
    if (before && before.isConnected) before.focus();
    document.dispatchEvent(new CustomEvent("kura:unlocked"));
  };
  const enter = async (event) => {
    event.preventDefault();
    const { number, secret } = event.target.elements;
    if (!secret.value) { secret.focus(); return; }
    const problem = box.querySelector(".notice");
    const reply = await post("/staff/switch/", { number: number.value.trim(), secret: secret.value }).catch(() => null);
    secret.value = "";
    const said = reply ? await reply.json().catch(() => ({})) : {};
    if (!reply || !reply.ok) {
      problem.textContent = `✕ ${said.message || (reply ? "確かめられませんでした。" : "通信できませんでした。回線を確かめてください。")}`;
      problem.hidden = false;
      secret.focus();
      return;
    }
    if (said.number !== mine) { location.reload(); return; }
    for (const one of document.querySelectorAll("[name=csrfmiddlewaretoken]")) one.value = said.csrf;
    show();
  };
  const touch = () => { if (!box) last = Date.now(); };
  for (const kind of ["keydown", "pointerdown", "wheel"]) document.addEventListener(kind, touch, { passive: true, capture: true });
  const button = document.getElementById("operator");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => hide("switch", ""));
  }
  document.addEventListener("kura:locked", () => hide("idle", mine));
  document.addEventListener("kura:staff-card", (event) => hide("switch", event.detail));
  setInterval(() => { if (Date.now() - last >= minutes * 60000) hide("idle", mine); }, 1000);
})();
