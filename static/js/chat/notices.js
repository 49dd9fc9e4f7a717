// @ts-check
// The site's own notices in a thread: help in a crisis, a blocked message, the AI disclosure again.

import { blank, fill, required } from "../shared/dom.js";

/** @typedef {import("./protocol.d.ts").NoticeShown} NoticeShown */
/** @typedef {import("./protocol.d.ts").Resource} Resource */

/**
 * The element of a notice, made from the page's blanks.
 * @param {ParentNode} page
 * @param {NoticeShown} notice
 */
export function noticeElement(page, notice) {
  const element = blank(page, "notice");
  if (notice.id) element.id = `notice-${notice.id}`;
  element.dataset.kind = notice.kind;
  fill(element, "text", notice.text);
  for (const part of element.querySelectorAll('[data-slot="text"], [data-slot="resources"]'))
    part.setAttribute("lang", notice.language);
  if (notice.kind === "crisis" || notice.kind === "care") required(element, ".notice").classList.add("notice-care");
  const list = required(element, '[data-slot="resources"]');
  list.hidden = notice.resources.length === 0;
  list.replaceChildren(...notice.resources.map((resource) => resourceElement(page, resource)));
  return element;
}

/** A notice as a screen reader hears it. @param {NoticeShown} notice */
export function inWords(notice) {
  return [notice.text, ...notice.resources.map((line) => `${line.name}: ${line.contact}`)].join(" ");
}

/**
 * @param {ParentNode} page
 * @param {Resource} resource
 */
function resourceElement(page, resource) {
  const element = blank(page, "resource");
  fill(element, "name", resource.name);
  fill(element, "contact", resource.contact);
  fill(element, "hours", resource.hours);
  const link = /** @type {HTMLAnchorElement} */ (required(element, '[data-slot="url"]'));
  if (/^https?:\/\//.test(resource.url)) link.href = resource.url;
  else link.remove();
  return element;
}
