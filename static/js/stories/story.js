// @ts-check
// The box for the next words of a story: sentences of the continuations that are chosen come into it.

import { keyOf } from "../shared/drafts.js";
import { required } from "../shared/dom.js";

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("#write"));
if (form) begin(form, required(form, "#id_text"));

/** @param {HTMLFormElement} form @param {HTMLTextAreaElement} box */
function begin(form, box) {
  const draft = keyOf(document.body.dataset.account ?? "", `story:${location.pathname}`);
  for (const part of form.querySelectorAll("[data-without-script]")) part.remove();

  form.addEventListener("change", (event) => {
    const choice = /** @type {HTMLInputElement} */ (event.target);
    if (choice.name === "sentence") put(choice);
  });

  form.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-edit]");
    if (!button) return;
    event.preventDefault();
    const choices = /** @type {NodeListOf<HTMLInputElement>} */ (button.closest(".offer")?.querySelectorAll("input"));
    for (const choice of choices) {
      if (choice.checked) continue;
      choice.checked = true;
      put(choice);
    }
    box.focus();
  });

  /** Adds the sentence to the box, or takes it out again. @param {HTMLInputElement} choice */
  function put(choice) {
    const sentence = choice.parentElement?.textContent?.trim() ?? "";
    box.value = choice.checked ? joined(box.value.trimEnd(), sentence) : box.value.replace(sentence, "").trim();
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  keep(form, box, draft);
}

/** Keeps what was typed over “Three others” and a reload. @param {HTMLFormElement} form @param {HTMLTextAreaElement} box @param {string} key */
function keep(form, box, key) {
  try {
    box.value ||= localStorage.getItem(key) ?? "";
    box.addEventListener("input", () => localStorage.setItem(key, box.value));
    form.addEventListener("submit", (event) => {
      const isTaking = /** @type {HTMLButtonElement | null} */ (event.submitter)?.name === "take"; // the box stays
      if (!isTaking) localStorage.removeItem(key);
    });
  } catch {
    // Storage is off, so nothing is kept.
  }
}

/** Chinese has no blanks between sentences. @param {string} before @param {string} after */
function joined(before, after) {
  const isHan = /[\p{Script=Han}。！？…”』」]\s*$/u.test(before) && /^\s*[\p{Script=Han}“『「]/u.test(after);
  return before && !isHan ? `${before} ${after}` : before + after;
}
