// @ts-check
// Asks again for the part of a page on which something is under way, and stops when nothing is.

const EVERY_MS = 2000;

async function look() {
  const section = /** @type {HTMLElement | null} */ (document.querySelector("[data-progress-url][data-under-way]"));
  if (!section) return;
  const answer = await fetch(section.dataset.progressUrl ?? "", { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById(section.id);
    if (next) section.replaceWith(document.adoptNode(next));
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
