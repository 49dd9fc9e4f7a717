// @ts-check
// Asks again for the sources while a file is being read, and stops when none is.

const EVERY_MS = 2000;

async function look() {
  const section = document.getElementById("sources");
  if (!section?.hasAttribute("data-importing")) return;
  const answer = await fetch(section.dataset.progressUrl ?? "", { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("sources");
    if (next) section.replaceWith(document.adoptNode(next));
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
