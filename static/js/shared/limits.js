// @ts-check
// Fields with a limit. A text that is too long stays in the field, is not sent, and a sentence says so.

import { characters, inWords } from "./characters.js";
import { format, gettext } from "./words.js";

const NEAR_LIMIT = 0.9;

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */

/** @param {Field} field */
function look(field) {
  const most = Number(field.dataset.most);
  const count = characters(field.value);
  const excess = count - most;
  const values = { count: inWords(count), most: inWords(most), excess: inWords(excess) };
  const problem =
    excess > 0 ? format(gettext("This has {count} characters; the limit is {most}. Take out {excess}."), values) : "";
  field.setCustomValidity(problem);
  field.toggleAttribute("data-too-long", Boolean(problem));
  const line = lineOf(field);
  line.textContent = problem || (count < most * NEAR_LIMIT ? "" : format(gettext("{count} of {most} characters"), values));
  line.hidden = !line.textContent;
  line.toggleAttribute("data-problem", Boolean(problem));
}

/** The line below a field with the count of its characters. @param {Field} field @returns {HTMLElement} */
function lineOf(field) {
  const next = field.nextElementSibling;
  if (next instanceof HTMLElement && next.matches("[data-limit-line]")) return next;
  const line = document.createElement("p");
  line.className = "field-limit";
  line.dataset.limitLine = "";
  line.setAttribute("role", "status");
  field.after(line);
  return line;
}

document.addEventListener("input", (event) => {
  const field = event.target;
  const isField = field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement;
  if (isField && field.matches("[data-most]:not([data-composer] *)")) look(field);
});
