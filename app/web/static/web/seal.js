// What a page remembers while somebody works elsewhere: half-typed forms, the patron who is open. It lies in this
// window's session storage, sealed with a key that the server keeps in the session: after sign-out nobody can read it.
"use strict";
window.kura = window.kura || {};
(() => {
  const raw = document.body.dataset.seal;
  const usable = Boolean(raw && window.crypto && crypto.subtle);
  const bytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
  const key = usable ? crypto.subtle.importKey("raw", bytes(raw), "AES-GCM", false, ["encrypt", "decrypt"]) : null;
  const prefix = "kura:";

  const put = async (name, value) => {
    if (!usable) return;
    if (value === null) { sessionStorage.removeItem(prefix + name); return; }
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(value));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(name) }, await key, plain);
    let written = "";
    for (const byte of new Uint8Array(sealed)) written += String.fromCharCode(byte);
    sessionStorage.setItem(prefix + name, `${text(iv)}.${btoa(written)}`);
  };
  const take = async (name) => {
    const kept = usable ? sessionStorage.getItem(prefix + name) : null;
    if (!kept) return null;
    const [iv, sealed] = kept.split(".");
    try {
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(iv), additionalData: new TextEncoder().encode(name) }, await key, bytes(sealed));
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      sessionStorage.removeItem(prefix + name); // another sign-in's: nobody reads it any more
      return null;
    }
  };
  const names = () => Object.keys(sessionStorage).filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length));
  window.kura.seal = { usable, put, take, names };

  const leaving = document.querySelector("form.who");
  if (leaving) {
    leaving.addEventListener("submit", () => {
      for (const one of names()) sessionStorage.removeItem(prefix + one);
      if (navigator.serviceWorker) navigator.serviceWorker.getRegistration("/counter/").then((found) => { if (found && found.active) found.active.postMessage({ kind: "forget" }); });
    });
  }
  if (!usable) return;

  // --- half-typed forms
  const here = location.pathname;
  const skipped = "[type=hidden], [type=password], [type=file], [type=submit], [data-no-draft]";
  const forms = [...document.querySelectorAll("main form[method=post i]")].filter((form) => form.id !== "scan" && !form.hasAttribute("data-no-draft") && !form.querySelector("[type=password]"));
  const fields = (form) => [...form.elements].filter((one) => one.name && !one.matches(skipped) && !one.matches("button"));
  const values = (form) => fields(form).map((one) => (one.matches("[type=checkbox], [type=radio]") ? one.checked : one.multiple ? [...one.selectedOptions].map((o) => o.value) : one.value));
  const label = (form, index) => `draft:${here}:${index}:${form.getAttribute("action") || ""}`;
  const fill = (form, kept) => {
    fields(form).forEach((one, place) => {
      const value = kept[place];
      if (value === undefined) return;
      if (one.matches("[type=checkbox], [type=radio]")) one.checked = value;
      else if (one.multiple) for (const option of one.options) option.selected = value.includes(option.value);
      else one.value = value;
    });
  };
  const notice = (form, name, start) => {
    const box = document.createElement("p");
    box.className = "notice kept";
    box.setAttribute("role", "status");
    box.textContent = "入力途中の内容を戻しました。";
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "second small";
    drop.textContent = "消す";
    drop.addEventListener("click", () => { fill(form, start); put(name, null); box.remove(); });
    box.append(drop);
    form.before(box);
  };
  forms.forEach(async (form, index) => {
    const name = label(form, index);
    const start = values(form);
    const answered = Boolean(form.querySelector(".error"));
    form.addEventListener("input", () => put(name, { title: document.title, url: location.pathname + location.search, values: values(form), at: fields(form).indexOf(document.activeElement) }));
    form.addEventListener("submit", (event) => { if (!event.defaultPrevented) put(name, null); });
    const kept = await take(name);
    if (!kept || answered || JSON.stringify(kept.values) === JSON.stringify(start) || kept.values.length !== start.length) return;
    fill(form, kept.values);
    const field = fields(form)[kept.at];
    if (field) field.focus();
    notice(form, name, start);
  });

  // --- the way back to what was begun elsewhere
  const way = document.getElementById("begun");
  if (way) {
    (async () => {
      for (const name of names().filter((one) => one.startsWith("draft:") && !one.startsWith(`draft:${here}:`))) {
        const kept = await take(name);
        if (!kept) continue;
        const link = document.createElement("a");
        link.href = kept.url;
        link.textContent = `入力途中: ${kept.title}`;
        link.dataset.key = "Shift+F12";
        way.replaceChildren(link);
        way.hidden = false;
      }
    })();
  }
})();
