// @ts-check
// The conversation's title, which comes from its first message.

import { required } from "../shared/dom.js";

/** Sets the title everywhere on the page. @param {string} title */
export function entitle(title) {
  for (const element of document.querySelectorAll("[data-title]")) element.textContent = title;
  document.title = `${title} · Afterword`;
  const field = /** @type {HTMLInputElement} */ (required(document, "#conversation-title"));
  if (!field.value) field.value = title;
}
