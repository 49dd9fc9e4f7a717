// @ts-check
// The lines between the days of a thread. The server divides by the days of its own time zone; here the reader's count.

import { blank, localTimes, required } from "../shared/dom.js";

/**
 * Writes the times of a part of a thread in the reader's time zone, and puts a line before each day's first message.
 * @param {ParentNode} page with the blank line
 * @param {HTMLElement} list the whole thread
 * @param {ParentNode} [part] what is new in it
 */
export function showTimes(page, list, part = list) {
  localTimes(part);
  let before = "";
  for (const message of list.querySelectorAll("[data-message]")) {
    const { dateTime } = /** @type {HTMLTimeElement} */ (required(message, "time"));
    const day = new Date(dateTime).toDateString();
    const line = message.previousElementSibling?.matches(".thread-date") ? message.previousElementSibling : null;
    if (day === before) line?.remove();
    else if (!line) message.before(lineOf(page, dateTime));
    before = day;
  }
}

/** @param {ParentNode} page @param {string} moment */
function lineOf(page, moment) {
  const line = blank(page, "day");
  required(line, "time").setAttribute("datetime", moment);
  localTimes(line);
  return line;
}
