// The counter: scans are answered one after another, in the order they were read; the field never loses focus. A question
// stops the queue until it is answered; what is read meanwhile waits.
"use strict";
(() => {
  const { kura } = window;
  const form = document.getElementById("scan");
  const field = form.elements.scan;
  const token = form.elements.token;
  const day = form.elements.day;
  const { mode } = form.dataset;
  const byId = (id) => document.getElementById(id);
  const says = byId("says"), rows = byId("rows"), panel = byId("panel"), asks = byId("asks"), count = byId("count"), line = byId("waiting");
  const digits = new RegExp(`^\\d{${Number(form.dataset.digits)}}$`);
  const ACTED = ["lend", "renew", "give_back", "in_library", "stack"];
  const waiting = [];
  let busy = false, stopped = false, asked = null, done = 0, undo = [], lent = [];

  // --- focus
  const focus = () => {
    const choice = asked && asks.querySelector("input:not([type=hidden]), button");
    (choice || field).focus({ preventScroll: true });
  };
  const away = "a, input, button, select, textarea, summary, dialog, label";
  document.addEventListener("click", (event) => { if (!event.target.closest(away) && !String(getSelection())) focus(); });
  window.addEventListener("focus", () => { if (!document.querySelector("dialog[open]")) focus(); });
  document.addEventListener("keydown", (event) => {
    if (event.target === field || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("dialog, input:not([type=range]), textarea, .lock")) return;
    if (/^[0-9A-Da-d$]$/.test(event.key)) field.focus({ preventScroll: true });
    if (event.key === "Escape") focus();
  });

  // --- what stands on the screen
  const box = (tone, mark, strong, text) => {
    const made = document.createElement("div");
    made.className = `says ${tone}`;
    for (const [name, words, kind] of [["span", mark, "mark"], ["strong", strong, ""], ["span", text || "", ""]]) {
      const part = document.createElement(name);
      part.className = kind;
      part.textContent = words;
      made.append(part);
    }
    says.replaceChildren(made);
    kura.sound(tone);
  };
  const MARKS = { ok: "✓", info: "●", warn: "▲", bad: "✕" };
  const tell = (tone, strong, text) => box(tone, MARKS[tone], strong, text);
  const numbers = () => {
    count.textContent = done ? `${done}点` : "";
    line.textContent = waiting.length ? `待ち ${waiting.length}` : "";
    byId("undo").disabled = !undo.length;
  };
  // The undoing of a return stays in this page's memory alone (circulation/actions/sealing.py says why).
  const keep = () => kura.seal.put(`counter:${mode}`, { token: token.value, rows: rows.innerHTML, done, undo: undo.filter((one) => one.kind === "loan"), lent, day: day.value });
  const receipt = (which, from, barcodes) => ({ act: "receipt", which, token: from, barcode: barcodes });
  const close = () => {
    if (lent.length && form.dataset.auto === "on" && token.value && !(kura.offline && kura.offline.active)) waiting.unshift(receipt("session", token.value, lent));
    token.value = "";
    rows.replaceChildren();
    asks.replaceChildren();
    [done, undo, lent, asked] = [0, [], [], null];
    setDay(mode === "lend" ? "" : day.value);
    if (panel) panel.replaceChildren(byId("nobody").content.cloneNode(true));
    numbers();
    focus();
  };
  const named = (name, text) => {
    const parts = [["p", "name", name], ["p", "faint", text]].map(([tag, kind, words]) => Object.assign(document.createElement(tag), { className: kind, textContent: words }));
    if (panel) panel.replaceChildren(...parts);
  };
  const undone = (number) => {
    done -= 1;
    lent = lent.filter((one) => one !== number);
    const row = [...rows.children].slice(1).find((one) => one.textContent.includes(number) && !one.classList.contains("undone"));
    if (row) row.className = "undone";
  };
  const addRow = (html) => {
    rows.insertAdjacentHTML("afterbegin", html);
    while (rows.children.length > 50) rows.lastElementChild.remove();
  };
  const patron = ({ part, html }, number) => {
    if (part === "panel" || !byId("held")) { panel.innerHTML = html; return; }
    byId("held").innerHTML = html;
    const own = number && panel.querySelector(`[data-ready="${CSS.escape(number)}"]`);
    if (own) own.remove();
    const ready = panel.querySelectorAll("[data-ready]").length;
    byId("ready").firstElementChild.textContent = ready;
    byId("ready").className = ready ? "info" : "";
  };
  const show = (answer, job) => {
    if (answer.code === "staff_card") { says.innerHTML = answer.says; document.dispatchEvent(new CustomEvent("kura:staff-card", { detail: answer.scanned })); return; }
    const now = token.value;
    if (answer.opened && !(job.act === "open")) close();
    if ("token" in answer) token.value = answer.token;
    if (now && !token.value && panel) close();
    if (answer.says) says.innerHTML = answer.says;
    if (answer.row) addRow(answer.row);
    if (job.act === "undo" && /^undo_/.test(answer.code)) undone(answer.scanned);
    if (panel && answer.panel) patron(answer.panel, answer.scanned);
    if (ACTED.includes(answer.code)) done += answer.many || 1;
    if (answer.code === "lend") lent.push(answer.scanned);
    if (answer.undo) undo.push(answer.undo);
    if (undo.length > 20) undo.shift();
    asked = answer.ask ? job : null;
    asks.innerHTML = answer.ask || "";
    if (answer.tone) kura.sound(answer.tone);
    kura.print(answer.slips, job.act === "receipt" && job.which !== "session");
    numbers();
    focus();
    keep();
  };

  // --- the queue
  const send = async (job) => {
    const body = new FormData();
    for (const [name, value] of Object.entries({ csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value, token: token.value, day: day.value, ...job })) {
      for (const one of Array.isArray(value) ? value : [value]) body.append(name, one);
    }
    let reply;
    try {
      reply = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(8000) });
    } catch {
      reply = null;
    }
    if ((!reply || [502, 503, 504].includes(reply.status)) && kura.offline) return kura.offline.take(job, token.value, mode);
    if (!reply) return tell("bad", `通信できませんでした。${job.scan || ""} をもう一度読み取ってください。`);
    if (reply.status === 401) {
      const { error } = await reply.json().catch(() => ({}));
      if (error !== "locked") { location.reload(); return undefined; }
      waiting.unshift(job); // nothing is lost: it goes on when somebody has uncovered the screen
      stopped = true;
      document.dispatchEvent(new CustomEvent("kura:locked"));
      return undefined;
    }
    if (!reply.ok) {
      const why = await reply.json().catch(() => ({}));
      return tell("bad", why.message || `処理できませんでした。${job.scan || ""} をもう一度読み取ってください。`);
    }
    return show(await reply.json(), job);
  };
  const work = async () => {
    if (busy) return;
    busy = true;
    form.setAttribute("aria-busy", "true");
    while (waiting.length && !asked && !stopped) {
      const job = waiting.shift();
      line.textContent = waiting.length ? `待ち ${waiting.length}` : "";
      await (kura.offline && kura.offline.active ? kura.offline.take(job, token.value, mode) : send(job));
    }
    form.removeAttribute("aria-busy");
    busy = false;
    numbers();
  };
  document.addEventListener("kura:unlocked", () => { stopped = false; work(); });
  const push = (job) => { waiting.push(job); numbers(); work(); };

  // --- answering
  const answer = (button) => {
    const reason = asks.querySelector("[name=reason]");
    if (button.hasAttribute("data-no")) {
      asks.replaceChildren();
      asked = null;
      tell("info", "取りやめました。", "記録は変わっていません。");
      focus();
      work();
      return;
    }
    if (reason && digits.test(reason.value.trim())) { // somebody read an item on: it waits for the answer
      waiting.push({ scan: reason.value.trim() });
      reason.value = "";
      numbers();
      kura.sound("warn");
      return;
    }
    if (reason && !reason.value.trim()) { kura.sound("warn"); reason.focus(); return; }
    const given = [...asks.querySelectorAll("[type=hidden][name=answer]")].map((one) => one.value);
    const job = { ...asked, answer: [...given, button.value] };
    for (const one of asks.querySelectorAll("input:not([type=hidden])")) job[one.name] = one.value;
    asked = null;
    asks.replaceChildren();
    field.focus({ preventScroll: true });
    waiting.unshift(job);
    work();
  };
  asks.addEventListener("submit", (event) => { event.preventDefault(); answer(event.submitter || asks.querySelector("button")); });
  asks.addEventListener("click", (event) => { const button = event.target.closest("button"); if (button) { event.preventDefault(); answer(button); } });
  asks.addEventListener("keydown", (event) => {
    const buttons = [...asks.querySelectorAll("button")];
    const here = buttons.indexOf(document.activeElement);
    if (["ArrowLeft", "ArrowRight"].includes(event.key) && here >= 0) buttons[(here + (event.key === "ArrowRight" ? 1 : buttons.length - 1)) % buttons.length].focus();
    if (here >= 0 && /^[yn]$/i.test(event.key)) { event.preventDefault(); answer(event.key.toLowerCase() === "y" ? buttons[0] : asks.querySelector("[data-no]")); }
    if (event.key === "Escape") answer(asks.querySelector("[data-no]"));
  });
  const code = (text) => {
    if (text === form.dataset.yes || text === form.dataset.no) {
      const button = asked && (text === form.dataset.yes ? asks.querySelector("button") : asks.querySelector("[data-no]"));
      if (button) answer(button); else tell("warn", "いま答える質問はありません。");
      return;
    }
    const target = document.querySelector(`[data-code="${CSS.escape(text)}"]`);
    if (target) target.click(); else tell("bad", "この画面にない符号です。", text);
  };

  // --- reading
  const take = () => {
    const text = field.value.trim();
    field.value = "";
    focus();
    if (!text) return;
    const framed = /^[A-D]?(\$\d\d\$)[A-D]?$/i.exec(text);
    if (framed) { code(framed[1]); return; }
    push({ scan: text });
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); if (document.activeElement === day) focus(); else take(); });
  // A reader without Enter: the number is complete when its digits are.
  field.addEventListener("input", () => { if (digits.test(field.value)) take(); });

  // --- keys
  const on = (id, what) => { const button = byId(id); if (button) button.addEventListener("click", () => { what(); focus(); }); };
  on("close", () => { close(); says.replaceChildren(byId("ready").content.cloneNode(true)); keep(); work(); });
  on("undo", () => { const last = undo.pop(); if (last) { numbers(); push({ act: "undo", ...last }); } else tell("warn", "取り消せる操作がありません。"); });
  on("who", () => { const last = undo.at(-1); if (last) push({ act: "who", undo: last.undo }); else tell("warn", "返却した資料がありません。"); });
  on("renew_all", () => (token.value ? push({ act: "renew_all" }) : tell("warn", "先に利用券を読み取ってください。")));
  on("receipt", () => (token.value ? push(receipt("all", token.value, [])) : tell("warn", "先に利用券を読み取ってください。")));
  on("reprint", () => { if (!kura.reprint()) tell("warn", "この画面で印刷した票はまだありません。"); });
  const setDay = (value) => {
    day.value = value;
    day.closest(".field").hidden = !value && document.activeElement !== day;
    form.classList.toggle("dated", Boolean(value));
  };
  const dating = byId("date");
  if (dating) {
    dating.addEventListener("click", () => {
      if (day.value) { setDay(""); tell("info", mode === "lend" ? "期限の指定をやめました。" : "返却日の指定をやめました。"); focus(); keep(); return; }
      day.closest(".field").hidden = false;
      day.value = day.dataset.usual;
      form.classList.add("dated");
      day.focus();
    });
    day.addEventListener("change", keep);
    day.addEventListener("keydown", (event) => { if (event.key === "Escape") { setDay(""); focus(); } });
  }
  const marked = (row) => { if (row) row.focus(); else focus(); };
  document.addEventListener("keydown", (event) => {
    const row = event.target.closest && event.target.closest("#panel tr[data-barcode]");
    if (event.target === field && event.key === "ArrowDown" && panel) { event.preventDefault(); marked(panel.querySelector("tr[data-barcode]")); }
    if (!row) return;
    if (event.key === "ArrowDown") { event.preventDefault(); marked(row.nextElementSibling || row); }
    if (event.key === "ArrowUp") { event.preventDefault(); marked(row.previousElementSibling); }
    if (event.key === "Enter") { event.preventDefault(); push({ act: "renew", scan: row.dataset.barcode }); }
    if (/^d$/i.test(event.key)) { event.preventDefault(); push({ act: "due", scan: row.dataset.barcode, day: "" }); }
  });

  // --- a patron without card
  const forgotten = byId("no_card");
  if (forgotten) {
    forgotten.addEventListener("click", () => {
      const over = kura.dialog(byId("forgotten").innerHTML, "利用券を忘れた人");
      const asking = over.querySelector("form"), problem = over.querySelector(".notice");
      asking.querySelector("input").focus();
      asking.addEventListener("submit", async (event) => {
        event.preventDefault();
        const body = new FormData(asking);
        body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
        body.set("act", "find");
        const reply = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
        const said = reply ? await reply.json().catch(() => ({})) : { message: "通信できませんでした。" };
        if (said.opened) { over.close(); show(said, {}); return; }
        problem.textContent = `▲ ${said.message || "処理できませんでした。"}`;
        problem.hidden = false;
        kura.sound("warn");
        asking.querySelector("input").focus();
      });
    });
  }

  // --- beginning, and beginning again where somebody left
  (async () => {
    byId("tools").hidden = false;
    setDay(day.value);
    if (kura.offline) kura.offline.begin({ tell, addRow, close, patron: named, setDone: (change) => { done += change; numbers(); }, forget: () => kura.seal.put(`counter:${mode}`, null) });
    const kept = field.form.dataset.fresh === "yes" ? await kura.seal.take(`counter:${mode}`) : null;
    if (kept) {
      rows.innerHTML = kept.rows;
      [done, undo, lent] = [kept.done, kept.undo, kept.lent];
      if (kept.day && mode !== "lend") setDay(kept.day);
      if (kept.token && panel && !(kura.offline && kura.offline.active)) { token.value = kept.token; waiting.unshift({ act: "open" }); work(); }
    }
    numbers();
    focus();
  })();
})();
