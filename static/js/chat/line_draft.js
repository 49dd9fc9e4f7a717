// @ts-check
// "Write my line": a model drafts what the person might say next. The draft goes into the box, and nothing is sent.

import { newId } from "../shared/new_id.js";
import { gettext } from "../shared/words.js";

/** @typedef {import("./composer.js").Composer} Composer */
/** @typedef {import("./protocol.d.ts").ClientFrame} ClientFrame */
/** @typedef {import("./protocol.d.ts").LineFailed} LineFailed */
/** @typedef {import("./protocol.d.ts").LineSuggested} LineSuggested */

export class LineDraft {
  /**
   * @param {Composer} composer
   * @param {(frame: ClientFrame) => boolean} send false: there is no connection
   */
  constructor(composer, send) {
    this.composer = composer;
    this.send = send;
    this.lineId = ""; // of the draft that is awaited
    composer.suggestButton.addEventListener("click", () => this.ask());
    composer.box.addEventListener("input", () => this.stop()); // the person writes for themselves
  }

  ask() {
    if (this.lineId) return;
    if (this.composer.box.value) { // the palette lists the command there too
      this.composer.say(gettext("A line is drafted into an empty box only, so that your own words stay."));
      return;
    }
    const lineId = newId();
    if (!this.send({ type: "line.suggest", line_id: lineId })) {
      this.composer.say(gettext("There is no connection just now. Try again in a moment."));
      return;
    }
    this.lineId = lineId;
    this.composer.say(gettext("A model drafts a line for you. Write yourself, or press Esc, to end it."));
    this.composer.box.focus();
  }

  stop() {
    if (!this.lineId) return;
    this.send({ type: "line.stop", line_id: this.lineId });
    this.lineId = "";
    this.composer.say("");
  }

  /** @param {LineSuggested | LineFailed} frame */
  received(frame) {
    if (!this.awaits(frame.line_id)) return; // another tab asked, or the person went on
    this.lineId = "";
    if (frame.type === "line.failed") return this.composer.say(frame.detail, "alarm");
    this.composer.box.setRangeText(frame.text, 0, this.composer.box.value.length, "end");
    this.composer.changed();
    this.composer.say(gettext("A model drafted this line. Change it as you like. Nothing is sent before you send it."));
  }

  /** Whether this id is that of the awaited draft. @param {string | null | undefined} id */
  awaits(id) {
    return Boolean(id) && id === this.lineId;
  }
}
