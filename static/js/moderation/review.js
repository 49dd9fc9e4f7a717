// @ts-check
// Keyboard review: every key presses a link, a choice or a button that is on the page.

import { focusOn } from "../shared/focus.js";
import { format, gettext } from "../shared/words.js";

const page = document.querySelector("[data-review]");

/** @param {string} sentence */
function announce(sentence) {
  const status = page?.querySelector("[data-review-status]");
  if (status) status.textContent = sentence;
}

/**
 * Moves the focus to the next element, by `step`. If no element has the focus, it goes to the first or the last.
 * @param {string} selector
 * @param {number} step
 * @returns {HTMLElement | undefined}
 */
function move(selector, step) {
  const elements = /** @type {HTMLElement[]} */ ([...(page?.querySelectorAll(selector) ?? [])]);
  const now = elements.findIndex((element) => element.contains(document.activeElement));
  const next = now < 0 ? elements.at(step > 0 ? 0 : -1) : elements[now + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return next;
}

/** Presses the link or the button that has this key. @param {string} key */
function press(key) {
  const element = /** @type {HTMLElement | null} */ (page?.querySelector(`[data-review-key="${CSS.escape(key)}"]`));
  element?.click();
  return Boolean(element);
}

/** @param {string} key */
function queueKey(key) {
  if (press(key)) return true;
  if (key !== "j" && key !== "k") return false;
  if (!move("[data-review-row]", key === "j" ? 1 : -1)) announce(gettext("No more cases on this page."));
  return true;
}

/** @param {string} key */
function caseKey(key) {
  if (press(key)) return true;
  if (key === "j" || key === "k") {
    announce(key === "j" ? gettext("This is the last open case.") : gettext("This is the first open case."));
    return true;
  }
  if (key === "f") {
    if (!move("[data-review-marked]", 1)) announce(gettext("No more marked turns."));
    return true;
  }
  const form = /** @type {HTMLFormElement | null} */ (page?.querySelector("[data-review-form]"));
  if (!form) return false;
  if (key === "r") {
    /** @type {HTMLElement | null} */ (form.querySelector("[name=reason]"))?.focus();
    return true;
  }
  if (key === "l") {
    /** @type {HTMLElement | null} */ (form.querySelector("[name=labels]"))?.focus();
    announce(gettext("Labels. Press the space bar to choose, and Tab for the next one."));
    return true;
  }
  if (key === "0") {
    const none = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=labels][value=no_violation]"));
    if (none) none.checked = !none.checked;
    announce(none?.checked ? gettext("No violation.") : gettext("“No violation” is no longer chosen."));
    return true;
  }
  const choice = /** @type {HTMLInputElement | undefined} */ (form.querySelectorAll("[name=kind]")[Number(key) - 1]);
  if (!choice) return false;
  choice.checked = true;
  choice.focus();
  const label = choice.closest("label")?.textContent?.trim() ?? "";
  announce(format(gettext("{label}. Press l for the labels, and r to write the reason."), { label }));
  return true;
}

/** @param {KeyboardEvent} event */
function isTyping(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  return target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = /** @type {HTMLFormElement | null} */ (page?.querySelector("[data-review-form]"));
    if (form) {
      event.preventDefault();
      form.requestSubmit();
    }
    return;
  }
  if (event.key === "Escape" && isTyping(event)) {
    focusOn(/** @type {HTMLElement} */ (event.target).closest("form")); // where the keys work again
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
  const act = page?.getAttribute("data-review") === "case" ? caseKey : queueKey;
  if (act(event.key)) event.preventDefault();
});

// After a refused decision, the first field with an error has the focus.
/** @type {HTMLElement | null} */ (page?.querySelector("[aria-invalid=true]"))?.focus();
