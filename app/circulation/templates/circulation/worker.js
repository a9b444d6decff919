// Serves the counter's shell when the line is cut. Made by the server: the names of the files change with the release.
"use strict";
const CACHE = "kura-counter-{{ version }}";
const SHELLS = { "/counter/": "/counter/offline/lend/", "/counter/return/": "/counter/offline/return/", "/counter/inside/": "/counter/offline/inside/" };
const FILES = {{ files|safe }};
let seal = "";

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll([...FILES, ...Object.values(SHELLS)]);
    await self.skipWaiting();
  })());
});
self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("kura-counter-") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});
const page = async (request) => {
  const shell = SHELLS[new URL(request.url).pathname];
  let reply = null;
  try { reply = await fetch(request); } catch { reply = null; }
  if (reply && ![502, 503, 504].includes(reply.status)) return reply;
  return (shell && (await caches.match(shell, { ignoreVary: true }))) || reply || Response.error();
};
const file = async (request) => {
  try { return await fetch(request); } catch { return (await caches.match(request, { ignoreVary: true })) || Response.error(); }
};
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const path = new URL(request.url).pathname;
  if (request.mode === "navigate" && path in SHELLS) event.respondWith(page(request));
  else if (path.startsWith("/static/")) event.respondWith(file(request));
});
const forget = async () => {
  seal = "";
  await caches.delete(CACHE);
  await new Promise((done) => {
    const asked = indexedDB.open("kura-offline", 1);
    asked.onupgradeneeded = () => { asked.transaction.abort(); };
    asked.onerror = () => done();
    asked.onsuccess = () => {
      const change = asked.result.transaction("meta", "readwrite");
      change.objectStore("meta").clear();
      change.oncomplete = change.onerror = () => { asked.result.close(); done(); };
    };
  });
};
self.addEventListener("message", (event) => {
  const { kind } = event.data || {};
  const reply = (value) => { if (event.ports[0]) event.ports[0].postMessage(value); };
  if (kind === "keep") { seal = event.data.seal; event.waitUntil(caches.has(CACHE).then(async (there) => { if (!there) await (await caches.open(CACHE)).addAll([...FILES, ...Object.values(SHELLS)]); reply({}); }).catch(() => reply({}))); }
  else if (kind === "tell") reply({ seal });
  else if (kind === "forget") event.waitUntil(forget().then(() => reply({})));
  else reply({});
});
