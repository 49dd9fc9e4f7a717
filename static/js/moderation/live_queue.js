// @ts-check
// Keeps the rows of the open queue up to date while the page is visible. The server answers 304 if nothing changed.

import { keepFocus } from "../shared/focus.js";

const EVERY_MS = 10_000;

const queue = /** @type {HTMLElement | null} */ (document.querySelector("[data-live-queue]"));
let version = "";

/** Shows the rows as they are now. The focus stays on its row, or goes to the rows where that one is gone. @param {string} text */
function show(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("queue-rows");
  const current = document.getElementById("queue-rows");
  if (!fresh || !current) return;
  keepFocus(() => current.replaceWith(document.adoptNode(fresh)), (lost) => {
    const address = CSS.escape(lost.getAttribute("href") ?? "");
    return fresh.querySelector(`a[href="${address}"]`) ?? fresh;
  });
}

async function look() {
  if (document.visibilityState === "visible") {
    const headers = { Accept: "text/html", ...(version ? { "If-None-Match": version } : {}) };
    const answer = await fetch(queue?.dataset.liveQueue ?? "", { headers }).catch(() => null);
    if (answer?.status === 404) return; // signed out, or no longer a moderator
    if (answer?.ok) {
      version = answer.headers.get("ETag") ?? "";
      show(await answer.text());
    }
  }
  setTimeout(look, EVERY_MS);
}

if (queue) setTimeout(look, EVERY_MS);
