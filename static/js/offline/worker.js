// @ts-check
// The service worker of a browser whose person keeps conversations on it. It stores nothing itself: shared/kept.js does.
// Every request goes to the network. Only if there is no network does a kept copy answer, or else the list of copies.

const PREFIX = "kept:"; // of the caches' names, as in shared/kept.js
const LIST = "/offline/";
const LONGEST_MS = 7 * 24 * 3600 * 1000; // without contact with the site: its session may have ended meanwhile

// TypeScript knows a ServiceWorkerGlobalScope only without the DOM.
/** @typedef {EventTarget & {skipWaiting(): Promise<void>, clients: {claim(): Promise<void>}}} Scope */
/** @typedef {Event & {waitUntil(done: Promise<unknown>): void}} LifeEvent */
/** @typedef {Event & {request: Request, respondWith(answer: Promise<Response>): void}} RequestEvent */
const worker = /** @type {Scope} */ (/** @type {unknown} */ (self));

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (event) => /** @type {LifeEvent} */ (event).waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (each) => {
  const event = /** @type {RequestEvent} */ (each);
  const { request } = event;
  if (new URL(request.url).origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(answer(request, request.url, LIST));
  else if (request.method === "GET" && isFile(request)) event.respondWith(answer(request, request.url));
});

/** @param {Request} request */
function isFile(request) {
  return ["script", "style", "image", "font", "manifest"].includes(request.destination);
}

/** @param {Request} request @param {string[]} copies addresses of what answers without a network, in this order */
async function answer(request, ...copies) {
  try {
    return await fetch(request);
  } catch {
    for (const copy of copies) {
      const kept = await find(copy);
      if (kept) return kept;
    }
    return Response.error();
  }
}

/** @param {string} address */
async function find(address) {
  for (const name of await caches.keys()) {
    if (!name.startsWith(PREFIX)) continue;
    const cache = await caches.open(name);
    const list = await cache.match(LIST);
    if (Date.now() - Number(list?.headers.get("x-kept-at")) <= LONGEST_MS) return cache.match(address, { ignoreSearch: true });
    await caches.delete(name);
  }
  return undefined;
}
