// @ts-check
// In the terminal theme, a reply is typed out slowly. A click on it, Esc, or Enter in an empty box shows the rest.
// The whole text is in the page from the beginning, for screen readers and for copying: the rest is only not visible.

import { keepFocus } from "../shared/focus.js";
import { showMarks } from "./formatting.js";

const STEP_MS = 38;
const SENTENCE_MS = 420;
const SENTENCE_END = /[.!?…。！？\n]$/u;
const LONGEST_GRAPHEME = 64; // code units, as far as a grapheme is looked for

export class Typing {
  constructor() {
    /** @type {HTMLElement | null} the text that is being typed out */
    this.part = null;
    /** How many code units of it are visible. */
    this.shown = 0;
    /** @type {HTMLElement | null} the text whose rest was asked for: what comes to it is shown at once */
    this.skipped = null;
    this.timer = 0;
    this.graphemes = new Intl.Segmenter();
    document.addEventListener("click", (event) => this.message?.contains(/** @type {Node} */ (event.target)) && this.skip());
    document.addEventListener("keydown", (event) => this.pressed(event));
    document.addEventListener("visibilitychange", () => document.hidden && this.skip());
  }

  get message() {
    return this.part?.closest(".message") ?? null;
  }

  /** Sets a reply's text. @param {HTMLElement} part @param {string} text */
  write(part, text) {
    const before = part.textContent ?? "";
    if (before !== text) {
      if (!isWanted() || part === this.skipped) {
        part.textContent = text;
        return;
      }
      const same = commonLength(before, text);
      if (part !== this.part) this.begin(part, same);
      this.shown = Math.min(this.shown, same);
      this.split(text);
    }
    if (part === this.part) this.timer ||= setTimeout(() => this.step(), STEP_MS);
  }

  /** @param {HTMLElement} part @param {number} shown */
  begin(part, shown) {
    this.end();
    this.part = part;
    this.shown = shown;
    this.message?.toggleAttribute("data-typing", true);
  }

  step() {
    this.timer = 0;
    const status = this.message?.getAttribute("data-status") ?? "";
    const text = this.part?.textContent ?? "";
    if (!["generating", "completed"].includes(status)) return this.skip(); // stopped, withdrawn or failed
    if (this.shown >= text.length) return status === "completed" ? this.end() : undefined;
    const [next] = this.graphemes.segment(text.slice(this.shown, this.shown + LONGEST_GRAPHEME));
    const grapheme = next?.segment ?? "";
    this.shown += grapheme.length;
    this.split(text);
    this.timer = setTimeout(() => this.step(), SENTENCE_END.test(grapheme) ? SENTENCE_MS : STEP_MS);
  }

  /** Shows the rest of the text, and what still comes to it. */
  skip() {
    this.skipped = this.part;
    this.end();
  }

  end() {
    clearTimeout(this.timer);
    this.timer = 0;
    const { part, message } = this;
    this.part = null;
    if (!part || !message) return;
    keepFocus(() => message.removeAttribute("data-typing"), () => /** @type {HTMLElement} */ (message));
    part.textContent = part.textContent; // one text again
    showMarks(message);
  }

  /** Makes the text after the typed part invisible. @param {string} text */
  split(text) {
    const rest = document.createElement("span");
    rest.className = "visually-hidden";
    rest.textContent = text.slice(this.shown);
    this.part?.replaceChildren(text.slice(0, this.shown), rest);
  }

  /** @param {KeyboardEvent} event */
  pressed({ key, target, isComposing }) {
    if (!this.part || isComposing) return;
    const isWriting = target instanceof HTMLTextAreaElement && target.value.trim() !== "";
    if (key === "Escape" || (key === "Enter" && !isWriting)) this.skip();
  }
}

function isWanted() {
  const isTerminal = document.documentElement.dataset.theme === "terminal";
  return isTerminal && !document.hidden && !matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** How many code units two texts have in common at their beginning. @param {string} one @param {string} other */
function commonLength(one, other) {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}
