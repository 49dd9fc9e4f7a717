// @ts-check
// Loads the parts of a page that show progress again and again, until their work has ended.

import { keepFocus, sameControl } from "./focus.js";

const FIRST_MS = 300;
const MOST_MS = 2000;

/** Follows the work in progress on the page as it is now. @param {number} [delay] */
export function watch(delay = FIRST_MS) {
  setTimeout(() => look(Math.min(2 * delay, MOST_MS)), delay);
}

/** @param {number} delay until the request after this one */
async function look(delay) {
  const sections = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-progress-url][data-under-way]"));
  if (!sections.length) return;
  await Promise.all([...sections].map(refresh));
  watch(delay);
}

/** Shows how far the work of a section is. @param {HTMLElement} section */
async function refresh(section) {
  const answer = await fetch(section.dataset.progressUrl ?? "", { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.getElementById(section.id);
  if (next?.hasAttribute("data-reload")) location.reload(); // the work has ended, and the server has the next page
  else if (next) keepFocus(() => section.replaceWith(document.adoptNode(next)), (lost) => sameControl(next, lost));
}

watch();
