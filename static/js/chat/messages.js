// @ts-check
// The elements of messages, made from the page's blanks.

import { blank, fill, required } from "../shared/dom.js";
import { format, gettext } from "../shared/words.js";

/** @typedef {import("./protocol.d.ts").MessageShown} MessageShown */
/** @typedef {import("./protocol.d.ts").ReplyQueued} ReplyQueued */

/**
 * A message that the server has not answered yet.
 * @param {ParentNode} page
 * @param {string} clientId
 * @param {string} text
 */
export function pendingElement(page, clientId, text) {
  const element = blank(page, "user");
  element.dataset.client = clientId;
  fill(element, "text", text);
  return element;
}

/**
 * A message of the person.
 * @param {ParentNode} page
 * @param {MessageShown} message
 */
export function userElement(page, message) {
  const element = identified(blank(page, "user"), message.id, message.created_at);
  element.dataset.status = message.is_withheld ? "withheld" : "";
  fill(element, "text", message.text);
  fill(element, "edit", message.text);
  return element;
}

/**
 * An empty element for a reply of the persona that the frame names.
 * @param {ParentNode} page
 * @param {ReplyQueued} frame
 */
export function replyElement(page, frame) {
  const element = identified(blank(page, frame.persona_id), frame.message_id, new Date().toISOString());
  element.dataset.reply = frame.reply_id;
  required(element, "[data-inside]").setAttribute("href", `inside/${frame.reply_id}/`);
  required(element, "[data-recalled]").setAttribute("href", `inside/${frame.reply_id}/#recalled`);
  return element;
}

/**
 * A piece of a reply as it is read out: in a group, the first one begins with the name of its speaker.
 * @param {HTMLElement | null} element
 * @param {import("./protocol.d.ts").ReplyDelta} frame
 */
export function readOut(element, frame) {
  const name = element?.dataset.color && frame.seq === 0 ? element.querySelector("[data-speaker]")?.textContent : "";
  return name ? `${name}: ${frame.text}` : frame.text;
}

/**
 * Tells the person that another engine writes the reply. The reason is only for the operator.
 * @param {string} engine
 * @param {boolean} isInTheMiddle
 */
export function takeover(engine, isInTheMiddle) {
  const text = isInTheMiddle
    ? gettext("The model changed here; {engine} continues.")
    : gettext("{engine} writes instead of the usual model.");
  return format(text, { engine });
}

/**
 * @param {HTMLElement} element
 * @param {string} messageId
 * @param {string} createdAt
 */
function identified(element, messageId, createdAt) {
  element.id = `message-${messageId}`;
  element.dataset.message = messageId;
  required(element, "time").setAttribute("datetime", createdAt);
  for (const each of element.querySelectorAll("[data-path]")) {
    const { path } = /** @type {HTMLElement} */ (each).dataset;
    each.setAttribute(each.matches("form") ? "action" : "href", `../messages/${messageId}/${path}/`);
  }
  return element;
}
