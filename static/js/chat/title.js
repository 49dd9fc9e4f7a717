// @ts-check
// The conversation's title, which its first message gives it.

import { required } from "../shared/dom.js";

/** Shows it wherever the page does. @param {string} title */
export function entitle(title) {
  for (const each of document.querySelectorAll("[data-title]")) each.textContent = title;
  document.title = `${title} · Afterword`;
  const field = /** @type {HTMLInputElement} */ (required(document, "#conversation-title"));
  if (!field.value) field.value = title;
}
