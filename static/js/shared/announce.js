// @ts-check
// Gives a screen reader streamed text one sentence at a time, so that it reads each sentence once and whole.

const SENTENCE = /[^.!?…。！？\n]*[.!?…。！？\n]+["'”’」』)]*\s*/gu;

export class Announcer {
  /** @param {HTMLElement} region an element with aria-live="polite" */
  constructor(region) {
    this.region = region;
    /** Streamed text that does not end a sentence yet. */
    this.pending = "";
  }

  /** Says a text on its own. @param {string} text @param {string} [language] of the text, if not the page's */
  say(text, language) {
    const line = document.createElement("p");
    if (language) line.lang = language;
    line.textContent = text;
    this.region.append(line);
    while (this.region.childElementCount > 20) this.region.firstElementChild?.remove();
  }

  /** Adds a piece of streamed text and says each sentence that it completes. @param {string} text */
  stream(text) {
    this.pending += text;
    const sentences = this.pending.match(SENTENCE) ?? [];
    const whole = sentences.join("");
    this.pending = this.pending.slice(whole.length);
    if (whole.trim()) this.say(whole.trim());
  }

  /** Says the rest of the text, at the end of a stream. */
  finish() {
    if (this.pending.trim()) this.say(this.pending.trim());
    this.pending = "";
  }

  /** Removes all text from the region, because the reply was withdrawn. */
  drop() {
    this.pending = "";
    this.region.replaceChildren();
  }
}
