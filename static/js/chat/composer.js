// @ts-check
// The box for a new message. The browser stores the text until it is sent or the session ends.

import { characters, inWords, isVisible } from "../shared/characters.js";
import { required } from "../shared/dom.js";
import { newId } from "../shared/new_id.js";
import { format, gettext } from "../shared/words.js";

/** @typedef {import("./outbox.js").Draft} Draft */

const NEAR_LIMIT = 0.9;

export class Composer {
  /**
   * @param {HTMLFormElement} form
   * @param {string} key of the draft in localStorage
   * @param {(draft: Draft) => void} onSend
   */
  constructor(form, key, onSend) {
    this.form = form;
    this.key = key;
    this.onSend = onSend;
    this.box = /** @type {HTMLTextAreaElement} */ (required(form, "textarea"));
    this.sendButton = /** @type {HTMLButtonElement} */ (required(form, "[data-send]"));
    this.stopButton = /** @type {HTMLButtonElement} */ (required(form, "[data-stop]"));
    this.suggestButton = /** @type {HTMLButtonElement} */ (required(form, "[data-suggest]"));
    this.line = required(form, "[data-status-line]");
    this.counter = required(form, "[data-count]");
    this.most = Number(this.box.dataset.most);
    /** @type {Draft | null} refused; if sent again unchanged, it keeps its id and cannot arrive twice */
    this.returned = null;
    this.isStored = true;
    this.isReplying = false;
    if (!this.box.value) this.box.value = this.stored().text ?? "";
    this.changed();
    required(form, "[data-keys]").hidden = false;
    this.box.addEventListener("keydown", (event) => this.pressed(event));
    this.box.addEventListener("input", () => this.changed());
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    // While a Chinese, Japanese or Korean word is being composed, Enter chooses it. Safari reports this as 229.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.form.requestSubmit(this.sendButton);
  }

  /** Sends the text, unless it is too long. */
  submit() {
    const text = this.box.value.trim();
    if (!isVisible(text)) return;
    const count = characters(text);
    if (count > this.most) {
      const values = { count: inWords(count), most: inWords(this.most) };
      this.say(format(gettext("This message has {count} characters; the limit is {most}. Send it in parts."), values), "alarm");
      return;
    }
    const clientId = this.returned?.text === text ? this.returned.clientId : newId();
    this.returned = null;
    this.box.value = "";
    this.changed();
    this.onSend({ text, clientId });
  }

  /** Deletes the stored draft and returns the text of the box. */
  forget() {
    const text = this.box.value;
    this.box.value = "";
    this.changed();
    return text;
  }

  /** Puts messages that were not sent back into the box, before its text. @param {Draft[]} drafts */
  takeBack(drafts) {
    if (!drafts.length) return;
    this.box.value = [...drafts.map((draft) => draft.text), this.box.value].filter(Boolean).join("\n\n");
    if (drafts.length === 1) this.returned = drafts[0] ?? null;
    this.changed();
  }

  /** Shows Stop while a reply is being written. @param {boolean} isReplying */
  replying(isReplying) {
    this.isReplying = isReplying;
    this.showButtons();
  }

  /** Stop takes the place of Send as long as there is nothing to send. A line is drafted for an empty box only. */
  showButtons() {
    const hadFocus = [this.sendButton, this.stopButton, this.suggestButton].some((button) => button === document.activeElement);
    this.suggestButton.hidden = this.isReplying;
    this.suggestButton.inert = isVisible(this.box.value);
    this.sendButton.hidden = this.isReplying && !isVisible(this.box.value);
    this.stopButton.hidden = !this.isReplying;
    if (hadFocus && document.activeElement?.matches("[hidden], [inert], body")) this.box.focus();
  }

  /** @param {string} text empty: nothing to say @param {"" | "alarm"} [tone] */
  say(text, tone = "") {
    this.line.hidden = !text;
    this.line.dataset.tone = tone;
    if (this.line.textContent !== text) this.line.textContent = text;
  }

  /**
   * Whether the browser stores the draft from now on; false also deletes it. An empty box leaves alone what another tab
   * has stored. @param {boolean} isStored
   */
  keep(isStored) {
    this.isStored = isStored;
    if (this.box.value || !isStored) this.store();
  }

  changed() {
    this.store();
    this.showButtons();
    this.count();
  }

  count() {
    const count = characters(this.box.value);
    this.counter.hidden = count < this.most * NEAR_LIMIT;
    this.counter.textContent = format(gettext("{count} of {most}"), { count: inWords(count), most: inWords(this.most) });
  }

  /** @returns {{text?: string}} */
  stored() {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "{}");
    } catch {
      return {}; // storage is off, or has something else
    }
  }

  store() {
    const text = this.box.value;
    try {
      if (this.isStored && text) localStorage.setItem(this.key, JSON.stringify({ text }));
      else localStorage.removeItem(this.key);
    } catch {
      // Storage is off or full; the text is still in the box.
    }
  }
}
