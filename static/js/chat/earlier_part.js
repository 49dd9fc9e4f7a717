// @ts-check
// The page of an earlier part of a conversation. Its forms work by themselves; no frames come here.

import { Announcer } from "../shared/announce.js";
import { required } from "../shared/dom.js";
import { showTimes } from "./days.js";
import { showMarks } from "./formatting.js";
import { copy } from "./words.js";

const page = required(document, "[data-conversation]");
const announcer = new Announcer(required(document, "[data-announcer]"));

page.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const message = /** @type {HTMLElement | null} */ (target.closest(".message"));
  if (message && target.closest("[data-copy]")) copy(message, announcer);
});
for (const message of page.querySelectorAll('[data-author="persona"]')) showMarks(message);
showTimes(page, required(page, "[data-thread]"));
