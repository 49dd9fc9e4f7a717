// @ts-check
// The messages in the thread that the server has not accepted yet. They stand after all others.

import { pendingElement } from "./messages.js";

/** @param {HTMLElement} list @returns {HTMLElement[]} */
export function pending(list) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[data-client]"))];
}

/**
 * @param {ParentNode} page the element with the blanks
 * @param {HTMLElement} list
 * @param {{text: string, clientId: string, status: string}[]} drafts
 */
export function showPending(page, list, drafts) {
  const shown = new Map(pending(list).map((element) => [element.dataset.client, element]));
  for (const { clientId, text, status } of drafts) {
    const element = shown.get(clientId) ?? pendingElement(page, clientId, text);
    element.dataset.status = status;
    if (!element.isConnected) list.append(element);
    shown.delete(clientId);
  }
  for (const element of shown.values()) element.remove();
  if (drafts.length) list.querySelector("[data-empty]")?.remove();
}
