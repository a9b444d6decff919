// The counter while the line is cut: loans and returns are written down in this browser, each sealed so that only the
// library's server can read it, and handed in when the line is back. Stopped cards and kept items are judged by the last
// copy, which opens only while somebody is signed in.
"use strict";
window.kura = window.kura || {};
(() => {
  const form = document.getElementById("scan");
  const { mode } = form.dataset;
  const shell = form.dataset.offline === "yes";
  const banner = document.getElementById("offline");
  const usable = Boolean(window.crypto && crypto.subtle && window.indexedDB && navigator.serviceWorker);
  const bytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const text = (buffer) => { let all = ""; for (const one of new Uint8Array(buffer)) all += String.fromCharCode(one); return btoa(all); };
  const utf8 = (words) => new TextEncoder().encode(words);
  const state = { active: shell, stopped: null, held: null, made: "", meta: null, card: "", seen: new Map() };
  let page = null, handing = false, seal = document.body.dataset.seal || "";

  // --- the store
  const open = () => new Promise((done, failed) => {
    const asked = indexedDB.open("kura-offline", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("records", { keyPath: "seq", autoIncrement: true });
      asked.result.createObjectStore("meta");
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  const store = async (name, how, act) => {
    const base = await open();
    try {
      return await new Promise((done, failed) => {
        const change = base.transaction(name, how, { durability: "strict" });
        const asked = act(change.objectStore(name));
        change.oncomplete = () => done(asked && asked.result);
        change.onerror = change.onabort = () => failed(change.error);
      });
    } finally { base.close(); }
  };
  const meta = (key) => store("meta", "readonly", (table) => table.get(key));
  const putMeta = (key, value) => store("meta", "readwrite", (table) => table.put(value, key));
  const records = () => store("records", "readonly", (table) => table.getAll());

  // --- sealing a record to the server
  const write = async (said) => {
    const id = crypto.randomUUID();
    const own = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
    const server = await crypto.subtle.importKey("raw", bytes(state.meta.public), { name: "ECDH", namedCurve: "P-256" }, false, []);
    const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: server }, own.privateKey, 256);
    const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
    const key = await crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: utf8("kura offline record") }, base, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const body = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8(id) }, key, utf8(JSON.stringify({ ...said, at: new Date().toISOString(), staff: state.meta.staff })));
    const e = text(await crypto.subtle.exportKey("raw", own.publicKey));
    await store("records", "readwrite", (table) => table.add({ id, sealed: { e, iv: text(iv), c: text(body) } }));
  };

  // --- the copy to judge by
  const sealKey = () => crypto.subtle.importKey("raw", bytes(seal), "AES-GCM", false, ["encrypt", "decrypt"]);
  const renew = async () => {
    const reply = await fetch(form.dataset.control, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!reply || !reply.ok) return;
    const said = await reply.json();
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const body = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await sealKey(), utf8(JSON.stringify(said.control)));
    await putMeta("control", { iv: text(iv), body: text(body) });
    await putMeta("about", { public: said.public, staff: said.staff, card: said.card });
    state.meta = await meta("about");
  };
  const read = async () => {
    state.meta = await meta("about");
    const kept = await meta("control");
    if (!kept || !seal) return;
    try {
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(kept.iv) }, await sealKey(), bytes(kept.body));
      const said = JSON.parse(new TextDecoder().decode(plain));
      state.key = await crypto.subtle.importKey("raw", bytes(said.key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
      [state.stopped, state.held, state.made] = [new Set(said.stopped), new Set(said.held), said.made];
    } catch { state.stopped = null; }
  };
  const marked = async (set, number) => Boolean(set && set.has(text((await crypto.subtle.sign("HMAC", state.key, utf8(number))).slice(0, 9))));

  // --- the screen
  const show = async (extra) => {
    const number = (await records()).length;
    banner.hidden = !state.active && !number;
    banner.classList.remove("done");
    const copy = state.stopped ? `停止・予約は ${state.made} 現在の控えで判定しています。` : "控えを開けないため、停止・予約は判定できません。";
    banner.textContent = state.active ? `▲ ${state.why || ""}オフラインで記録しています。未取込 ${number}点。${copy}` : `▲ 未取込のオフライン記録 ${number}点`;
    if (extra) banner.append(extra);
  };
  const row = (tone, mark, number, words) => {
    const tr = document.createElement("tr");
    tr.className = tone;
    for (const part of [mark, "（オフライン）", number, words]) { const td = document.createElement("td"); td.textContent = part; tr.append(td); }
    page.addRow(tr.outerHTML);
  };
  const told = (tone, strong, more, number) => {
    page.tell(tone, strong, more);
    if (number) row(tone, { ok: "✓", info: "●", warn: "▲", bad: "✕" }[tone], number, strong);
  };
  const plain = (scan) => { const found = /^[A-D]?(\d+)[A-D]?$/i.exec(scan.normalize("NFKC").replace(/[\s-]/g, "")); return found ? found[1] : ""; };
  const isCard = (number) => state.meta && number.length === state.meta.card.length && number.startsWith(state.meta.card.prefix);
  const scanned = async (scan, token) => {
    const number = plain(scan);
    if (!number) return told("bad", "番号として読み取れません。もう一度読み取ってください。");
    if (!state.meta) return told("bad", "オフラインの用意がありません。紙に控えてください。", "この端末で一度サインインすると使えるようになります。");
    if (isCard(number)) {
      if (mode !== "lend") return told("warn", "利用券の番号です。返却では資料だけを読み取ります。");
      page.close();
      state.card = number;
      page.patron(`利用券 ${number}`, "回線が戻るまで、利用者と貸出中の資料は表示できません。");
      if (await marked(state.stopped, number)) return told("bad", "期限切れまたは貸出停止中の利用券です。", `${state.made} 現在の控えによります。`);
      return told("info", "資料を読み取ってください。", state.stopped ? "" : "控えを開けないため、停止は確かめられません。");
    }
    if (Date.now() - (state.seen.get(number) || 0) < 20000) return told("info", "読み取り済みです（1点です）。", "", number);
    const kept = await marked(state.held, number);
    const onDate = form.elements.day.value;
    if (mode === "lend") {
      if (!state.card && !token) return told("warn", "先に利用券を読み取ってください。");
      if (kept) return told("bad", "予約のある資料です。貸し出せません。", "カウンターに取り置いてください。", number);
      await write({ kind: "lend", barcode: number, card: state.card, token: state.card ? "" : token });
      told("ok", "貸出を記録しました。", "期限は復旧後に決まります。", number);
    } else {
      await write({ kind: mode === "return" ? "return" : "use", barcode: number, on_date: onDate });
      if (kept) told("warn", "返却を記録しました。予約があります。取り置いてください。", "", number);
      else told("ok", mode === "return" ? "返却を記録しました。" : "館内利用を記録しました。", "", number);
    }
    state.seen.set(number, Date.now());
    page.setDone(1);
    return show();
  };

  // --- the line
  const reachable = async () => {
    const reply = await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(4000) }).catch(() => null);
    state.why = reply && reply.headers.get("X-Kura-Reason") === "power" ? "停電のため、サーバを安全に止めました。" : "";
    return Boolean(reply && reply.ok);
  };
  const take = async (job, token) => {
    if (!state.active) {
      if (await reachable()) return page.tell("bad", `処理できませんでした。${job.scan || ""} をもう一度読み取ってください。`);
      state.active = true;
      document.body.classList.add("is-offline");
      page.forget();
      await read();
      await show();
    }
    if (job.act) return page.tell("warn", "オフラインではできません。", "回線が戻ってから操作してください。");
    return scanned(job.scan, token);
  };
  const handIn = async () => {
    if (handing) return;
    handing = true;
    try {
      const all = await records();
      let done = 0, problems = 0;
      for (let start = 0; start < all.length; start += 20) {
        const some = all.slice(start, start + 20);
        const reply = await fetch(form.dataset.take, {
          method: "POST",
          headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
          body: JSON.stringify({ records: some.map(({ id, sealed }) => ({ id, sealed })) }),
        });
        if (!reply.ok) throw new Error("refused");
        const said = await reply.json();
        const known = new Set(said.results.map((one) => one.id));
        done += said.results.filter((one) => one.taken).length;
        problems += said.results.filter((one) => one.problem).length;
        window.kura.print(said.slips);
        await store("records", "readwrite", (table) => { for (const one of some) if (known.has(one.id)) table.delete(one.seq); });
      }
      if (!all.length) return;
      const link = document.createElement("a");
      link.href = form.dataset.problems;
      link.textContent = `矛盾 ${problems}件の一覧`;
      banner.hidden = false;
      banner.classList.toggle("done", !problems);
      banner.textContent = `✓ オフラインの記録 ${all.length}点のうち${done}点を取り込みました。`;
      banner.append(" ", link);
      window.kura.sound(problems ? "warn" : "info");
    } catch { await show(); } finally { handing = false; }
  };
  const back = async () => {
    if (!state.active || !(await reachable())) return;
    if (shell) { location.reload(); return; }
    state.active = false;
    state.card = "";
    document.body.classList.remove("is-offline");
    await handIn();
    await renew();
  };

  // The worker's memory keeps the seal while the browser is open: a page reloaded without line can still judge.
  const worker = async (message) => {
    const ready = await navigator.serviceWorker.ready;
    const channel = new MessageChannel();
    return new Promise((done) => {
      channel.port1.onmessage = (event) => done(event.data);
      setTimeout(() => done(null), 2000);
      ready.active.postMessage(message, [channel.port2]);
    });
  };
  const begin = async (given) => {
    page = given;
    if (!usable) return;
    try {
      if (shell) {
        document.body.classList.add("is-offline");
        const kept = await worker({ kind: "tell" });
        seal = (kept && kept.seal) || "";
        await read();
        await show();
      } else {
        await navigator.serviceWorker.register(form.dataset.worker, { scope: "/counter/" });
        await worker({ kind: "keep", seal });
        await renew();
        await handIn();
      }
    } catch { await show().catch(() => null); }
    setInterval(() => { worker({ kind: "ping" }); back(); }, 5000);
    if (!shell) setInterval(() => { if (!state.active && !document.body.classList.contains("locked")) renew(); }, 600000);
  };
  window.kura.offline = { begin, take, get active() { return state.active; } };
})();
