// @ts-check
// The page inside a reply: waits for the probabilities, then shows a word's alternatives by pointer, keys or tap.
// Without this script the words are links to their alternatives.

import { required } from "../shared/dom.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 4000;

const page = required(document, "[data-inside]");
/** The word whose alternatives stay until it is let go. @type {HTMLElement | null} */
let held = null;
/** Where the pointer last was. */
let mouse = { x: -1, y: -1 };

/** Asks again until the words are there, ever less often. @param {number} waitMs */
function fillIn(waitMs) {
  if (required(page, "[data-words]").dataset.state !== "reading") return;
  setTimeout(async () => {
    try {
      const response = await fetch(page.dataset.wordsUrl ?? "", { headers: { accept: "text/html" } });
      if (!response.ok) throw new Error(`${response.status}`);
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      const words = required(fresh, "[data-words]");
      if (words.dataset.state !== "reading") {
        required(page, "[data-words]").replaceWith(document.adoptNode(words));
        begin();
        return;
      }
    } catch {
      // The site may be restarting; the next look tells.
    }
    fillIn(Math.min(waitMs * 1.5, LONGEST_WAIT_MS));
  }, waitMs);
}

/** @returns {HTMLElement[]} */
const words = () => [...page.querySelectorAll("a[data-number]")].map((each) => /** @type {HTMLElement} */ (each));

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
const wordOf = (target) => (target instanceof Element ? target.closest("a[data-number]") : null);

/** @param {HTMLElement | null} word */
function show(word) {
  for (const each of page.querySelectorAll("[data-current]")) each.removeAttribute("data-current");
  for (const each of page.querySelectorAll("a[data-number][aria-current]")) each.removeAttribute("aria-current");
  if (!word) return;
  word.setAttribute("aria-current", "true");
  panelOf(word).toggleAttribute("data-current", true);
}

/** @param {HTMLElement} word */
const panelOf = (word) => required(page, `[data-panel="${word.dataset.number}"]`);

/** One word can be reached by Tab; the arrow keys go from word to word. @param {HTMLElement} word */
function reach(word) {
  for (const each of words()) each.tabIndex = each === word ? 0 : -1;
}

/** @param {HTMLElement | null} word */
function hold(word) {
  held = word;
  show(word);
}

function letGo() {
  held?.focus();
  hold(null);
}

function begin() {
  const first = words()[0];
  if (first) reach(first);
}

page.addEventListener("pointerover", (event) => {
  const word = wordOf(event.target);
  // Where the page moves beneath a resting mouse, nobody pointed at what comes to lie there.
  const isResting = event.clientX === mouse.x && event.clientY === mouse.y;
  if (word && !held && !isResting && event.pointerType === "mouse") show(word);
});
page.addEventListener("pointermove", (event) => {
  mouse = { x: event.clientX, y: event.clientY };
});
page.addEventListener("focusin", (event) => {
  const word = wordOf(event.target);
  if (!word) return;
  reach(word);
  if (held !== word) held = null;
  show(word);
});
page.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  if (target.closest("[data-close]")) {
    event.preventDefault();
    letGo();
    return;
  }
  const word = wordOf(target);
  if (!word) return;
  event.preventDefault();
  hold(word);
  // A click by key has no pointer: the reader goes on in the alternatives.
  if (event.detail === 0) panelOf(word).focus();
});
page.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return letGo();
  const word = wordOf(event.target);
  if (!word || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = words();
  const at = all.indexOf(word);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  all[Math.min(Math.max(to, 0), all.length - 1)]?.focus();
});

begin();
fillIn(FIRST_WAIT_MS);
