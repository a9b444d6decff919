// Seven digits of a postal code bring the town and the district; what was typed into the address stays when it fits.
"use strict";
(() => {
  const url = document.currentScript.dataset.url;
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
