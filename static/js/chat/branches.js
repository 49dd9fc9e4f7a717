// @ts-check
// Opens the branches of a conversation over its page. Without this, the link leads to a page of their own.

const link = /** @type {HTMLAnchorElement | null} */ (document.querySelector("[data-branches]"));
link?.addEventListener("click", async (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const answer = await fetch(link.href, { headers: { Accept: "text/html" } }).catch(() => null);
  const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  const branches = page?.getElementById("branches");
  if (!branches) return location.assign(link.href);
  open(document.adoptNode(branches));
});

/** @param {HTMLElement} branches */
function open(branches) {
  const dialog = document.createElement("dialog");
  dialog.className = "sheet branches-dialog";
  dialog.setAttribute("aria-labelledby", "branches-title");
  const close = document.createElement("button");
  close.className = "button-quiet";
  close.type = "button";
  close.textContent = link?.dataset.close ?? "";
  close.addEventListener("click", () => dialog.close());
  dialog.append(branches, close);
  dialog.addEventListener("close", () => dialog.remove());
  document.querySelector("main")?.append(dialog);
  /** @type {HTMLElement | null} */ (document.querySelector("#conversation-menu"))?.hidePopover();
  dialog.showModal();
}
