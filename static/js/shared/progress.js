// @ts-check
// Loads the part of a page that shows progress again and again, until the work has ended.

const FIRST_MS = 300;
const MOST_MS = 2000;

/** Follows the work in progress on the page as it is now. @param {number} [delay] */
export function watch(delay = FIRST_MS) {
  setTimeout(() => look(Math.min(2 * delay, MOST_MS)), delay);
}

/** @param {number} delay until the request after this one */
async function look(delay) {
  const section = /** @type {HTMLElement | null} */ (document.querySelector("[data-progress-url][data-under-way]"));
  if (!section) return;
  const answer = await fetch(section.dataset.progressUrl ?? "", { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById(section.id);
    if (next?.hasAttribute("data-reload")) return location.reload(); // the work has ended, and the server has the next page
    if (next) section.replaceWith(document.adoptNode(next));
  }
  watch(delay);
}

watch();
