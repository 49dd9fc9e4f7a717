// @ts-check
// Asks again for the part of a page on which something is under way, and stops when nothing is.

const FIRST_MS = 300;
const MOST_MS = 2000;

/** Follows what is under way on the page as it stands now. @param {number} [delay] */
export function watch(delay = FIRST_MS) {
  setTimeout(() => look(Math.min(2 * delay, MOST_MS)), delay);
}

/** @param {number} delay until the look after this one */
async function look(delay) {
  const section = /** @type {HTMLElement | null} */ (document.querySelector("[data-progress-url][data-under-way]"));
  if (!section) return;
  const answer = await fetch(section.dataset.progressUrl ?? "", { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById(section.id);
    if (next?.hasAttribute("data-reload")) return location.reload(); // the page was waiting for this
    if (next) section.replaceWith(document.adoptNode(next));
  }
  watch(delay);
}

watch();
