// With a script, titles are offered while typing; on a phone the ways to narrow start folded. Nothing depends on it.
(() => {
  "use strict";
  const narrow = document.querySelector("details.narrow-by");
  if (narrow && matchMedia("(max-width: 46rem)").matches) narrow.open = false;
  const input = document.querySelector("input[data-suggest]");
  if (!input) return;
  const list = document.getElementById("titles");
  let waiting, asked = "";
  input.addEventListener("input", (event) => {
    clearTimeout(waiting);
    const text = input.value.trim();
    if (event.isComposing || text.length < 2 || text === asked) return;
    waiting = setTimeout(async () => {
      asked = text;
      try {
        const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text)}`);
        if (!answer.ok || asked !== text) return;
        const { titles } = await answer.json();
        list.replaceChildren(...titles.map((title) => new Option(title, title)));
      } catch { /* offline: the search button still works */ }
    }, 150);
  });
})();
