// Seven digits of a postal code bring the town and the district; what was typed into the address stays when it fits.
// A card reader sends Enter after the number: the form goes on to the next field and is not sent half empty.
"use strict";
(() => {
  const url = document.currentScript.dataset.url;
  const card = document.querySelector("#id_card_number:not([disabled])");
  if (card) card.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    const fields = [...card.form.elements].filter((one) => one.matches("input:not([type=hidden]), select"));
    const empty = fields.slice(fields.indexOf(card) + 1).find((one) => one.matches("input:not([type=radio], [type=checkbox])") && !one.value);
    (empty || fields[fields.indexOf(card) + 1]).focus();
  });
  const code = document.querySelector("[data-postcode]");
  if (!code || !url) return;
  const [address, district] = code.dataset.postcode.split(" ").map((name) => code.form.elements[name]);
  let last = code.value;
  code.addEventListener("input", async () => {
    const digits = code.value.normalize("NFKC").replace(/\D/g, "");
    if (digits.length !== 7 || digits === last) return;
    last = digits;
    const reply = await fetch(`${url}?q=${digits}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!reply || !reply.ok) return;
    const { places } = await reply.json();
    if (!places.length) return;
    code.value = places[0].code;
    if (!address.value.includes(places[0].address)) address.value = places[0].address;
    if (district) district.value = places[0].district;
    address.focus();
    address.setSelectionRange(address.value.length, address.value.length);
  });
})();
