// The slip prints itself once; the button prints it again. Without a script the browser's own printing does it.
(() => {
  "use strict";
  const button = document.getElementById("print");
  button.hidden = false;
  button.addEventListener("click", () => print());
  if (document.body.classList.contains("kiosk")) print();
})();
