// @ts-check
// What stands in the place of a conversation that was deleted in another tab, with its persona or with the account.

import { blank, required } from "../shared/dom.js";

/**
 * Says that the conversation is gone and offers the way back. What was typed and not sent stays, to be copied.
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
  document.title = "A deleted conversation · Afterword";
  required(element, "a").focus();
}

/** Messages that were being said differently. @param {HTMLElement} page */
function changedEdits(page) {
  const boxes = /** @type {NodeListOf<HTMLTextAreaElement>} */ (page.querySelectorAll('[data-slot="edit"]'));
  return [...boxes].filter((box) => box.value !== box.defaultValue).map((box) => box.value);
}
