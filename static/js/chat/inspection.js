// @ts-check
// The page inside a reply. It waits for the probabilities, then shows a word's alternatives by pointer, keys or tap.
// Without this script, the words are links to their alternatives.

import { required } from "../shared/dom.js";
import { keepFocus, sameControl } from "../shared/focus.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 4000;

const page = required(document, "[data-inside]");
/** The word whose alternatives stay visible until they are closed. @type {HTMLElement | null} */
let pinned = null;
/** Where the pointer last was. */
let mouse = { x: -1, y: -1 };

/** Asks again for the words until they are there, less and less often. @param {number} waitMs */
function fillIn(waitMs) {
  if (required(page, "[data-words]").dataset.state !== "reading") return;
  setTimeout(async () => {
    try {
      const response = await fetch(page.dataset.wordsUrl ?? "", { headers: { accept: "text/html" } });
      if (!response.ok) throw new Error(`${response.status}`);
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      const words = required(fresh, "[data-words]");
      if (words.dataset.state !== "reading") {
        keepFocus(() => required(page, "[data-words]").replaceWith(document.adoptNode(words)), (lost) => sameControl(words, lost));
        begin();
        return;
      }
    } catch {
      // The site may be restarting; the next request shows it.
    }
    fillIn(Math.min(waitMs * 1.5, LONGEST_WAIT_MS));
  }, waitMs);
}

/** @returns {HTMLElement[]} */
const words = () => [...page.querySelectorAll("a[data-number]")].map((word) => /** @type {HTMLElement} */ (word));

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
const wordOf = (target) => (target instanceof Element ? target.closest("a[data-number]") : null);

/** @param {HTMLElement | null} word */
function show(word) {
  for (const panel of page.querySelectorAll("[data-current]")) panel.removeAttribute("data-current");
  for (const other of page.querySelectorAll("a[data-number][aria-current]")) other.removeAttribute("aria-current");
  if (!word) return;
  word.setAttribute("aria-current", "true");
  panelOf(word).toggleAttribute("data-current", true);
}

/** @param {HTMLElement} word */
const panelOf = (word) => required(page, `[data-panel="${word.dataset.number}"]`);

/** Makes one word reachable by Tab; the arrow keys move from word to word. @param {HTMLElement} word */
function reach(word) {
  for (const other of words()) other.tabIndex = other === word ? 0 : -1;
}

/** @param {HTMLElement | null} word */
function pin(word) {
  pinned = word;
  show(word);
}

function unpin() {
  pinned?.focus();
  pin(null);
}

function begin() {
  const first = words()[0];
  if (first) reach(first);
}

page.addEventListener("pointerover", (event) => {
  const word = wordOf(event.target);
  // If the page moves under a mouse that rests, the person has not pointed at this word.
  const isResting = event.clientX === mouse.x && event.clientY === mouse.y;
  if (word && !pinned && !isResting && event.pointerType === "mouse") show(word);
});
page.addEventListener("pointermove", (event) => {
  mouse = { x: event.clientX, y: event.clientY };
});
page.addEventListener("focusin", (event) => {
  const word = wordOf(event.target);
  if (!word) return;
  reach(word);
  if (pinned !== word) pinned = null;
  show(word);
});
page.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  if (target.closest("[data-close]")) {
    event.preventDefault();
    unpin();
    return;
  }
  const word = wordOf(target);
  if (!word) return;
  event.preventDefault();
  pin(word);
  // A click by key has no pointer, so the focus moves to the alternatives.
  if (event.detail === 0) panelOf(word).focus();
});
page.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return unpin();
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
