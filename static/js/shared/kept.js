// @ts-check
// Conversations that a person keeps in this browser, to read them without a connection. Nothing is kept unless the
// person switched it on. The copies are in a cache of the account, which is deleted when the account's session ends.
// js/offline/worker.js shows them.

const PREFIX = "kept:";
const LIST = "/offline/";
const MARKS = "/conversations/marks/";
const MOST = 50; // conversations; the one that was read longest ago goes first
const CONVERSATION = /^\/conversations\/[0-9a-f-]{36}\/$/;

/** Whether this browser can keep anything: it has service workers only on HTTPS and on localhost. */
export const isPossible = () => "serviceWorker" in navigator && "caches" in window;

/** Whether this browser keeps what the account reads. @param {string} account */
export async function isKeeping(account) {
  return isPossible() && account !== "" && caches.has(PREFIX + account);
}

/** Keeps what is read from now on. @param {string} account */
export async function begin(account) {
  await caches.open(PREFIX + account);
  await navigator.serviceWorker.register("/service-worker.js");
  await keepPage(account, LIST);
}

/** Deletes the copies of every account but this one, and the worker if none are left. @param {string} account or "" */
export async function forget(account) {
  if (!isPossible()) return;
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX));
  await Promise.all(names.filter((name) => name !== PREFIX + account).map((name) => caches.delete(name)));
  if (account && names.includes(PREFIX + account)) return;
  for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
}

/** Keeps a page of the account as the server renders it now, with the files that this page uses. @param {string} account @param {string} path */
export async function keepPage(account, path) {
  const answer = await fetch(path, { headers: { accept: "text/html" } });
  const text = await answer.text();
  const page = new DOMParser().parseFromString(text, "text/html");
  // The session may have become another's since this page was loaded.
  if (!answer.ok || answer.redirected || page.body.dataset.account !== account) return;
  if (!(await isKeeping(account))) return;
  const cache = await caches.open(PREFIX + account);
  const headers = { "content-type": "text/html; charset=utf-8", "x-kept-at": `${Date.now()}` };
  const policy = answer.headers.get("content-security-policy") ?? "";
  await cache.put(path, new Response(text, { headers: { ...headers, "content-security-policy": policy } }));
  await keepFiles(cache, page);
  for (const old of (await conversations(cache)).slice(0, -MOST)) await cache.delete(old);
}

/** @param {Cache} cache @param {Document} page */
async function keepFiles(cache, page) {
  const named = [...page.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src], main img")];
  const addresses = named.map((element) => element.getAttribute("href") ?? element.getAttribute("src") ?? "");
  // Modules that other modules import are in no page. This one has loaded them.
  const loaded = performance.getEntriesByType("resource").map((entry) => new URL(entry.name).pathname);
  const files = new Set([...addresses, ...loaded.filter((path) => path.startsWith("/static/"))]);
  for (const file of files) if (!(await cache.match(file))) await cache.add(file).catch(() => {});
}

/** The kept conversations, the one that was read longest ago first. @param {Cache} cache */
async function conversations(cache) {
  return (await cache.keys()).filter((request) => CONVERSATION.test(new URL(request.url).pathname));
}

/** Paths and titles of the kept conversations, the newest first. @param {string} account @returns {Promise<[string, string][]>} */
export async function titles(account) {
  if (!(await isKeeping(account))) return [];
  const cache = await caches.open(PREFIX + account);
  const all = (await conversations(cache)).reverse().map(async (request) => {
    const page = await parsed(cache, request);
    return /** @type {[string, string]} */ ([new URL(request.url).pathname, page.querySelector("h1")?.textContent ?? ""]);
  });
  return Promise.all(all);
}

/**
 * Deletes copies of conversations that were deleted, or changed elsewhere, since they were kept. Deletes everything if
 * the session has ended.
 * @param {string} account
 */
export async function compare(account) {
  if (!(await isKeeping(account))) return;
  const cache = await caches.open(PREFIX + account);
  const kept = await conversations(cache);
  const ids = kept.map((request) => ["id", new URL(request.url).pathname.split("/")[2] ?? ""]);
  const answer = await fetch(`${MARKS}?${new URLSearchParams(ids)}`).catch(() => null);
  if (!answer) return; // there is no connection
  if (answer.status === 401 || answer.status === 403) return forget("");
  if (!answer.ok || answer.redirected) return;
  const marks = await answer.json();
  for (const request of kept) {
    const page = /** @type {HTMLElement | null} */ ((await parsed(cache, request)).querySelector("[data-conversation]"));
    if (marks[page?.dataset.conversation ?? ""] !== page?.dataset.mark) await cache.delete(request);
  }
  await keepPage(account, LIST);
}

/** @param {Cache} cache @param {Request} request */
async function parsed(cache, request) {
  return new DOMParser().parseFromString((await (await cache.match(request))?.text()) ?? "", "text/html");
}
