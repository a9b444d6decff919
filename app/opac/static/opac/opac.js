// On a phone the ways to narrow a result start folded. Nothing depends on it.
(() => {
  "use strict";
  const narrow = document.querySelector("details.narrow-by");
  if (narrow && matchMedia("(max-width: 46rem)").matches) narrow.open = false;
})();
