// @ts-check
// Copies a message's text, or quotes it in the box.

import { gettext } from "../shared/words.js";

/**
 * @param {HTMLElement} message
 * @param {import("../shared/announce.js").Announcer} announcer
 */
export async function copy(message, announcer) {
  try {
    await navigator.clipboard.writeText(textOf(message));
    announcer.say(gettext("Copied."));
  } catch {
    announcer.say(gettext("This browser does not allow copying. Select the text instead."));
  }
}

/** Puts the message at the beginning of the box, each line after a ">". @param {HTMLElement} message @param {HTMLTextAreaElement} box */
export function quote(message, box) {
  const quoted = textOf(message).replace(/^/gm, "> ");
  box.value = `${quoted}\n\n${box.value}`;
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

/** @param {HTMLElement} message */
function textOf(message) {
  return message.querySelector('[data-slot="text"]')?.textContent ?? "";
}
