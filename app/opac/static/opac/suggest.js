// Titles are offered under the search box while typing, as a list of choices for keyboard, finger and screen reader.
// Readings match too, so that the browser's own list (which drops what is not spelled alike) does not serve.
(() => {
  "use strict";
  const input = document.querySelector("input[data-suggest]");
  if (!input) return;
  const list = document.createElement("ul");
  const told = document.createElement("p");
  list.id = "titles";
  list.className = "titles";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", document.querySelector("label[for=q]").textContent);
  list.hidden = true;
  told.className = "unseen";
  told.setAttribute("role", "status");
  input.parentElement.append(list, told);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", "titles"], ["aria-expanded", "false"]]) input.setAttribute(name, value);
  let waiting, asked = "", at = -1;

  const show = (titles) => {
    at = -1;
    list.replaceChildren(...titles.map((title, number) => {
      const line = document.createElement("li");
      line.id = `title-${number}`;
      line.lang = "ja";
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", "false");
      line.textContent = title;
      return line;
    }));
    list.hidden = !titles.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
    told.textContent = titles.length ? input.dataset.found.replace("{n}", titles.length) : "";
  };
  const move = (step) => {
    const lines = [...list.children];
    lines[at]?.setAttribute("aria-selected", "false");
    at = (at + step + lines.length + 1) % (lines.length + 1);
    if (at === lines.length) at = -1;
    const line = lines[at];
    if (!line) return input.removeAttribute("aria-activedescendant");
    line.setAttribute("aria-selected", "true");
    line.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", line.id);
  };
  const take = (line) => {
    input.value = line.textContent;
    show([]);
    input.form.requestSubmit();
  };

  input.addEventListener("input", (event) => {
    clearTimeout(waiting);
    const text = input.value.trim();
    if (!text) { asked = ""; show([]); }
    if (event.isComposing || text.length < 2 || text === asked) return;
    waiting = setTimeout(async () => {
      asked = text;
      try {
        const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text)}`);
        if (!answer.ok || asked !== text) return;
        show((await answer.json()).titles);
      } catch { /* offline: the search button still works */ }
    }, 150);
  });
  input.addEventListener("compositionend", () => input.dispatchEvent(new InputEvent("input")));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden) return;
    if (event.key === "ArrowDown") { event.preventDefault(); move(1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); move(-1); }
    else if (event.key === "Escape") { event.preventDefault(); show([]); }
    else if (event.key === "Enter" && at >= 0) { event.preventDefault(); take(list.children[at]); }
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => { const line = event.target.closest("li"); if (line) take(line); });
  input.addEventListener("blur", () => show([]));
})();
