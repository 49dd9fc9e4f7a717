// @ts-check
// A page that answers a form begins at its answer: at what is to be corrected, at the row that was changed, or at the
// site's message. A screen reader reads it out, and Tab goes on from there.

import { focusOn } from "./focus.js";

const ANSWERS = ["[data-answer]", '[aria-invalid="true"]', ".errorlist.nonfield", '[role="alert"]'];

// A page that begins at its end has a place for the messages there. Without scripts it begins at its top, as they do.
document.querySelector("[data-messages]")?.append(...document.querySelectorAll("div.site-messages"));
const message = shown(".site-messages > .notice");
const place = (document.body.hasAttribute("data-answers") && shown(...ANSWERS.map((each) => `main ${each}`))) || row() || message;
if (place && isFree()) {
  focusOn(place);
  place.scrollIntoView({ block: "nearest" });
}

/** The row that the address names (`:target` may not be known yet), described by the message, which may be out of sight. */
function row() {
  const target = document.getElementById(location.hash.slice(1));
  if (!target?.matches("main :is([tabindex], summary)")) return undefined;
  if (message) target.setAttribute("aria-describedby", message.id);
  open(target.matches("summary") ? target.parentElement : target);
  return target;
}

/** Opens the closed parts of the page that an element stands in. @param {Element | null} element */
function open(element) {
  for (let around = element?.parentElement; around; around = around.parentElement) {
    if (around instanceof HTMLDetailsElement) around.open = true;
  }
}

/** Whether nothing else has the focus yet. The browser itself gives it to a row. */
function isFree() {
  return document.activeElement === document.body || document.activeElement === place;
}

/** The first element in the page that can be seen. @param {string[]} selectors @returns {HTMLElement | undefined} */
function shown(...selectors) {
  const found = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(selectors.join()));
  return [...found].find((element) => element.checkVisibility());
}
