// Keys on the screen write into the field that has the cursor. The field keeps the cursor: keys take no focus by touch.
(() => {
  "use strict";
  const board = document.getElementById("keyboard");
  const TEXT = "input:not([type=checkbox], [type=radio], [type=hidden], [type=submit], [type=date]), textarea";
  const pairs = (name) => { const s = [...board.dataset[name]]; return new Map(s.flatMap((_, i) => (i % 2 ? [] : [[s[i], s[i + 1]], [s[i + 1], s[i]]]))); };
  const turned = { voiced: pairs("voiced"), round: pairs("round"), small: pairs("small") };
  let field = null, upper = false;

  const show = (name) => {
    for (const part of board.querySelectorAll("[data-keys]")) part.hidden = part.dataset.keys !== name;
    for (const tab of board.querySelectorAll("[data-board]")) tab.setAttribute("aria-pressed", String(tab.dataset.board === name));
    for (const key of board.querySelectorAll(".for-kana")) key.hidden = name !== "kana";
    for (const key of board.querySelectorAll(".for-latin")) key.hidden = name !== "latin";
  };
  const open = (target) => {
    field = target;
    field.inputMode = field.inputMode === "numeric" ? "numeric" : "none";
    show(field.inputMode === "numeric" ? "digits" : field.type === "password" || !document.body.matches(":lang(ja)") ? "latin" : "kana");
    board.hidden = false;
    document.body.classList.add("typing");
    field.scrollIntoView({ block: "center" });
  };
  const close = () => { board.hidden = true; document.body.classList.remove("typing"); };
  const write = (change) => {
    const start = field.selectionStart ?? field.value.length, stop = field.selectionEnd ?? start;
    const [from, to, text] = change(field.value, start, stop);
    field.setRangeText(text, from, to, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: text }));
  };
  const turn = (map) => write((value, start) => {
    const before = start ? value[start - 1] : "";
    return map.has(before) ? [start - 1, start, map.get(before)] : [start, start, ""];
  });
  const acts = {
    voiced: () => turn(turned.voiced), round: () => turn(turned.round), small: () => turn(turned.small),
    erase: () => write((_, start, stop) => [start === stop ? Math.max(0, start - 1) : start, stop, ""]),
    clear: () => write((value) => [0, value.length, ""]),
    shift: () => {
      upper = !upper;
      board.querySelector("[data-act=shift]").setAttribute("aria-pressed", String(upper));
      for (const key of board.querySelectorAll(".latin [data-key]")) {
        key.dataset.key = key.textContent = upper ? key.dataset.key.toUpperCase() : key.dataset.key.toLowerCase();
      }
    },
    enter: () => {
      const fields = [...field.form.querySelectorAll(TEXT)];
      const next = fields[fields.indexOf(field) + 1];
      if (next) next.focus(); else field.form.requestSubmit();
    },
    close,
  };
  board.addEventListener("pointerdown", (event) => event.preventDefault());
  board.addEventListener("click", (event) => {
    const key = event.target.closest("button");
    if (!key) return;
    if (key.dataset.board) show(key.dataset.board);
    else if (field && key.dataset.key !== undefined) write((_, start, stop) => [start, stop, key.dataset.key]);
    else if (field && key.dataset.act) acts[key.dataset.act]();
  });
  document.addEventListener("focusin", (event) => { if (event.target.matches(TEXT)) open(event.target); });
  if (document.activeElement?.matches(TEXT)) open(document.activeElement);
})();
