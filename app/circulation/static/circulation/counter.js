// The counter: scans are answered one after another, in the order they were read; the field never loses focus.
"use strict";
(() => {
  const form = document.getElementById("scan");
  const field = form.elements.scan;
  const token = form.elements.token;
  const says = document.getElementById("says");
  const rows = document.getElementById("rows");
  const panel = document.getElementById("panel");
  const count = document.getElementById("count");
  const mute = document.getElementById("mute");
  const volume = document.getElementById("volume");
  const digits = Number(form.dataset.digits);
  const waiting = [];
  let busy = false;
  let done = 0;

  // --- sound: one shape per tone, so that nobody has to look
  const shapes = {
    ok: [["sine", 1046, 0, 0.09]],
    info: [["sine", 784, 0, 0.08], ["sine", 1046, 0.1, 0.12]],
    warn: [["triangle", 523, 0, 0.12], ["triangle", 523, 0.18, 0.12]],
    bad: [["sawtooth", 196, 0, 0.45]],
  };
  let audio = null;
  const muted = () => localStorage.getItem("counter-muted") === "yes";
  const sound = (tone) => {
    if (muted() || !shapes[tone] || !window.AudioContext) return;
    audio = audio || new AudioContext();
    for (const [type, pitch, start, length] of shapes[tone]) {
      const source = audio.createOscillator();
      const gain = audio.createGain();
      source.type = type;
      source.frequency.value = pitch;
      gain.gain.value = (Number(volume.value) / 100) * 0.3;
      source.connect(gain).connect(audio.destination);
      source.start(audio.currentTime + start);
      source.stop(audio.currentTime + start + length);
    }
  };
  const showMute = () => mute.setAttribute("aria-pressed", String(muted()));
  volume.value = localStorage.getItem("counter-volume") || volume.value;
  volume.addEventListener("change", () => { localStorage.setItem("counter-volume", volume.value); sound("ok"); focus(); });
  mute.addEventListener("click", () => { localStorage.setItem("counter-muted", muted() ? "no" : "yes"); showMute(); focus(); });
  showMute();
  document.getElementById("tools").hidden = false;

  // --- focus
  const focus = () => { field.focus({ preventScroll: true }); };
  document.addEventListener("click", (event) => { if (!event.target.closest("a, input, button, summary") && !String(getSelection())) focus(); });
  window.addEventListener("focus", focus);
  document.addEventListener("keydown", (event) => {
    if (event.target === field || event.ctrlKey || event.altKey || event.metaKey) return;
    if (/^[0-9A-Da-d]$/.test(event.key)) focus();
  });

  // --- scans
  const problem = (text) => {
    const box = document.createElement("div");
    box.className = "says bad";
    const mark = document.createElement("span");
    mark.className = "mark";
    mark.textContent = "✕";
    const strong = document.createElement("strong");
    strong.textContent = text;
    box.append(mark, strong);
    says.replaceChildren(box);
    sound("bad");
  };
  const close = () => {
    token.value = "";
    rows.replaceChildren();
    done = 0;
    count.textContent = "";
    if (panel) panel.replaceChildren(document.getElementById("nobody").content.cloneNode(true));
    focus();
  };
  const show = (answer) => {
    if (answer.opened) close();
    token.value = answer.token;
    says.innerHTML = answer.says;
    if (answer.row) rows.insertAdjacentHTML("afterbegin", answer.row);
    if (panel && answer.panel) panel.innerHTML = answer.panel;
    if (["lend", "renew", "give_back"].includes(answer.code)) done += 1;
    count.textContent = done ? `${done}点` : "";
    sound(answer.tone);
  };
  const send = async (number) => {
    const body = new FormData(form);
    body.set("scan", number);
    let reply;
    try {
      reply = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15000) });
    } catch {
      return problem(`通信できませんでした。${number} をもう一度読み取ってください。`);
    }
    if (reply.status === 401) { location.reload(); return undefined; }
    if (!reply.ok) {
      const why = await reply.json().catch(() => ({}));
      return problem(why.message || `処理できませんでした。${number} をもう一度読み取ってください。`);
    }
    return show(await reply.json());
  };
  const work = async () => {
    if (busy) return;
    busy = true;
    form.setAttribute("aria-busy", "true");
    while (waiting.length) await send(waiting.shift());
    form.removeAttribute("aria-busy");
    busy = false;
  };
  const take = () => {
    const number = field.value.trim();
    field.value = "";
    focus();
    if (!number) return;
    waiting.push(number);
    work();
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); take(); });
  // A reader without Enter: the number is complete when its digits are.
  field.addEventListener("input", () => { if (new RegExp(`^\\d{${digits}}$`).test(field.value)) take(); });
  const next = document.getElementById("next");
  if (next) next.addEventListener("click", () => { close(); says.innerHTML = ""; });
  focus();
})();
