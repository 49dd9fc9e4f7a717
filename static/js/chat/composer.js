// @ts-check
// The box for a new message. The browser stores the text until the server has it or the session ends.

import { characters, inWords } from "../shared/characters.js";
import { required } from "../shared/dom.js";

/** @typedef {{text: string, clientId: string}} Draft */

const NEAR_LIMIT = 0.9;

export class Composer {
  /**
   * @param {HTMLFormElement} form
   * @param {string} key of the draft in localStorage
   * @param {(draft: Draft) => boolean} onSend false: it cannot be sent now, and the text stays
   * @param {(text: string) => boolean} isInThread whether a message that was being sent has arrived
   */
  constructor(form, key, onSend, isInThread) {
    this.form = form;
    this.key = key;
    this.onSend = onSend;
    this.box = /** @type {HTMLTextAreaElement} */ (required(form, "textarea"));
    this.sendButton = /** @type {HTMLButtonElement} */ (required(form, "[data-send]"));
    this.stopButton = /** @type {HTMLButtonElement} */ (required(form, "[data-stop]"));
    this.line = required(form, "[data-status-line]");
    this.counter = required(form, "[data-count]");
    this.most = Number(this.box.dataset.most);
    /** @type {Draft | null} sent, and not answered yet */
    this.sending = null;
    /** @type {Draft | null} refused; if sent again unchanged, it keeps its id and cannot arrive twice */
    this.returned = null;
    this.isStored = true;
    this.recover(isInThread);
    required(form, "[data-keys]").hidden = false;
    this.box.addEventListener("keydown", (event) => this.pressed(event));
    this.box.addEventListener("input", () => this.changed());
  }

  /** Restores the draft of an earlier visit. @param {(text: string) => boolean} isInThread */
  recover(isInThread) {
    const { text = "", sending = null } = this.stored();
    if (!this.box.value) this.box.value = text;
    if (sending && !isInThread(sending.text)) this.takeBack(sending);
    this.changed();
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    // While a Chinese, Japanese or Korean word is being composed, Enter chooses it. Safari reports this as 229.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.form.requestSubmit(this.sendButton);
  }

  /** Sends the text. Returns whether it was sent. */
  submit() {
    const text = this.box.value.trim();
    if (!text) return false;
    const count = characters(text);
    if (count > this.most) {
      this.say(`This message has ${inWords(count)} characters; the limit is ${inWords(this.most)}. Send it in parts.`, "alarm");
      return false;
    }
    const clientId = this.returned?.text === text ? this.returned.clientId : newId();
    if (!this.onSend({ text, clientId })) return false;
    this.sending = { text, clientId };
    this.returned = null;
    this.box.value = "";
    this.changed();
    return true;
  }

  /** The server has the message. @param {string} clientId */
  settle(clientId) {
    if (this.sending?.clientId !== clientId) return;
    this.sending = null;
    this.changed();
  }

  /** The server refused the message, so its text comes back into the box. @param {string} clientId */
  refused(clientId) {
    if (this.sending?.clientId === clientId) this.takeBack(this.sending);
  }

  /** Deletes the stored draft and returns the text that was not sent. */
  forget() {
    if (this.sending) this.takeBack(this.sending);
    const text = this.box.value;
    this.box.value = "";
    this.changed();
    return text;
  }

  /** @param {Draft} draft */
  takeBack(draft) {
    this.box.value = [draft.text, this.box.value].filter(Boolean).join("\n\n");
    this.returned = draft;
    this.sending = null;
    this.changed();
  }

  /** Shows Stop instead of Send while a reply is being written. @param {boolean} isReplying */
  replying(isReplying) {
    if (this.sendButton.hidden === isReplying) return;
    const hadFocus = [this.sendButton, this.stopButton].some((button) => button === document.activeElement);
    this.sendButton.hidden = isReplying;
    this.stopButton.hidden = !isReplying;
    if (hadFocus) this.box.focus();
  }

  /** @param {string} text empty: nothing to say @param {"" | "alarm"} [tone] */
  say(text, tone = "") {
    this.line.hidden = !text;
    this.line.dataset.tone = tone;
    if (this.line.textContent !== text) this.line.textContent = text;
  }

  /** Whether the browser stores the draft from now on; false also deletes it. @param {boolean} isStored */
  keep(isStored) {
    this.isStored = isStored;
    this.store();
  }

  changed() {
    this.store();
    this.count();
  }

  count() {
    const count = characters(this.box.value);
    this.counter.hidden = count < this.most * NEAR_LIMIT;
    this.counter.textContent = `${inWords(count)} of ${inWords(this.most)}`;
  }

  /** @returns {{text?: string, sending?: Draft | null}} */
  stored() {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "{}");
    } catch {
      return {}; // storage is off, or has something else
    }
  }

  store() {
    const draft = { text: this.box.value, sending: this.sending };
    try {
      if (this.isStored && (draft.text || draft.sending)) localStorage.setItem(this.key, JSON.stringify(draft));
      else localStorage.removeItem(this.key);
    } catch {
      // Storage is off or full; the text is still in the box.
    }
  }
}

/** A random UUID, version 4. `crypto.randomUUID` exists only on HTTPS and localhost. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const random = crypto.getRandomValues(new Uint8Array(16));
  const bytes = random.map((byte, at) => (at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
