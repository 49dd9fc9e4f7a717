// @ts-check
// What a screen reader says: streamed text one sentence at a time, so that it is heard once and whole.

const SENTENCE = /[^.!?…。！？\n]*[.!?…。！？\n]+["'”’」』)]*\s*/gu;

export class Announcer {
  /** @param {HTMLElement} region an element with aria-live="polite" */
  constructor(region) {
    this.region = region;
    this.held = "";
  }

  /** Says a text by itself. @param {string} text */
  say(text) {
    const line = document.createElement("p");
    line.textContent = text;
    this.region.append(line);
    while (this.region.childElementCount > 20) this.region.firstElementChild?.remove();
  }

  /** Takes a piece of streamed text and says each sentence that it completes. @param {string} text */
  stream(text) {
    this.held += text;
    const sentences = this.held.match(SENTENCE) ?? [];
    const whole = sentences.join("");
    this.held = this.held.slice(whole.length);
    if (whole.trim()) this.say(whole.trim());
  }

  /** Says what is left, at the end of a stream. */
  finish() {
    if (this.held.trim()) this.say(this.held.trim());
    this.held = "";
  }

  /** Takes back what was said and what was begun: it was withdrawn. */
  drop() {
    this.held = "";
    this.region.replaceChildren();
  }
}
