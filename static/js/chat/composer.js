// @ts-check
// The box one writes in. What was typed is kept in this browser until the server has it, or the session ends.

import { characters, inWords } from "../shared/characters.js";
import { required } from "../shared/dom.js";

/** @typedef {{text: string, clientId: string}} Draft */

const NEAR_LIMIT = 0.9;

export class Composer {
  /**
   * @param {HTMLFormElement} form
   * @param {string} key of what is kept in localStorage
   * @param {(draft: Draft) => boolean} onSend false: it cannot be sent now, the words stay
   * @param {(text: string) => boolean} isInThread whether a message that was on its way has arrived
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
    /** @type {Draft | null} sent, and not yet answered for */
    this.sending = null;
    /** @type {Draft | null} came back; sent again unchanged, it keeps its id and so cannot arrive twice */
    this.returned = null;
    this.isKept = true;
    this.recover(isInThread);
    required(form, "[data-keys]").hidden = false;
    this.box.addEventListener("keydown", (event) => this.pressed(event));
    this.box.addEventListener("input", () => this.changed());
  }

  /** Brings back what an earlier visit left here. @param {(text: string) => boolean} isInThread */
  recover(isInThread) {
    const { text = "", sending = null } = this.stored();
    if (!this.box.value) this.box.value = text;
    if (sending && !isInThread(sending.text)) this.takeBack(sending);
    this.changed();
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    // While a Chinese, Japanese or Korean word is being composed, Enter chooses it; 229 is Safari's way to say so.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.form.requestSubmit(this.sendButton);
  }

  /** Hands over what was written; true if it was taken. */
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

  /** The server did not take the message: its words come back into the box. @param {string} clientId */
  refused(clientId) {
    if (this.sending?.clientId === clientId) this.takeBack(this.sending);
  }

  /** Keeps nothing in this browser any more; what was not sent comes back. */
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

  /** Shows Stop in the place of Send while a reply is being written. @param {boolean} isReplying */
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

  /** Whether what is typed is kept in this browser from now on; false also forgets what was. @param {boolean} isKept */
  keep(isKept) {
    this.isKept = isKept;
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
      return {}; // storage is off, or holds something else
    }
  }

  store() {
    const kept = { text: this.box.value, sending: this.sending };
    try {
      if (this.isKept && (kept.text || kept.sending)) localStorage.setItem(this.key, JSON.stringify(kept));
      else localStorage.removeItem(this.key);
    } catch {
      // Storage is off or full; the words are still in the box.
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
