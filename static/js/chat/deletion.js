// @ts-check
// Replaces a conversation that was deleted in another tab, or with its persona or the account.

import { blank, required } from "../shared/dom.js";
import { gettext } from "../shared/words.js";

/**
 * Says that the conversation was deleted and links to the others. Unsent text stays, so that it can be copied.
 * @param {HTMLElement} page
 * @param {string} unsent
 */
export function showDeleted(page, unsent) {
  const element = blank(page, "deleted");
  const box = /** @type {HTMLTextAreaElement} */ (required(element, "textarea"));
  box.value = [unsent, ...changedEdits(page)].filter(Boolean).join("\n\n");
  required(element, "[data-unsent]").hidden = !box.value;
  page.replaceChildren(element);
  document.querySelector(".conversation-link[aria-current]")?.closest("li")?.remove();
  document.title = `${gettext("A deleted conversation")} · Afterword`;
  required(element, "a").focus();
}

/** The texts of unsent edits. @param {HTMLElement} page */
function changedEdits(page) {
  const boxes = /** @type {NodeListOf<HTMLTextAreaElement>} */ (page.querySelectorAll('[data-slot="edit"]'));
  return [...boxes].filter((box) => box.value !== box.defaultValue).map((box) => box.value);
}
