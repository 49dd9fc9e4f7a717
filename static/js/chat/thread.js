// @ts-check
// Turns frames into elements. (reply_id, attempt, seq) identifies a piece of a reply: a piece that was
// received before is ignored, and a higher attempt begins the text again.

import { makeDialable } from "../shared/dialing.js";
import { fill, hasBlank, required } from "../shared/dom.js";
import { format, gettext } from "../shared/words.js";
import { showTimes } from "./days.js";
import { showMarks } from "./formatting.js";
import { readOut, replyElement, takeover, userElement } from "./messages.js";
import { noticeElement } from "./notices.js";
import { pending } from "./pending.js";
import { Typing } from "./typing.js";

/** @typedef {import("./protocol.d.ts").MessageShown} MessageShown */
/** @typedef {import("./protocol.d.ts").NoticeShown} NoticeShown */
/** @typedef {import("./protocol.d.ts").ReplyDelta} ReplyDelta */
/** @typedef {import("./protocol.d.ts").ReplyQueued} ReplyQueued */
/** @typedef {import("./protocol.d.ts").ReplyStarted} ReplyStarted */
/** @typedef {{messageId: string, status: string, attempt: number, seq: number, text: string, detail: string}} Reply */

export const UNFINISHED = ["queued", "started", "generating"];

export class Thread {
  /** @param {HTMLElement} page the element with the thread and the blanks */
  constructor(page) {
    this.page = page;
    this.typing = new Typing();
    /** @type {Map<string, Reply>} */
    this.replies = new Map();
    this.adopt();
  }

  get list() {
    return required(this.page, "[data-thread]");
  }

  /** The messages in view. @returns {HTMLElement[]} */
  get messages() {
    return [...this.list.querySelectorAll("[data-message]")].map((message) => /** @type {HTMLElement} */ (message));
  }

  /** The newest message in view. */
  get last() {
    const messages = /** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll("[data-message]"));
    return messages.item(messages.length - 1) ?? undefined;
  }

  /** The message of a control, or the newest one where that message is gone. @param {Element} control */
  near(control) {
    const message = /** @type {HTMLElement | null} */ (control.closest("[data-message]"));
    return message?.isConnected ? message : this.last;
  }

  /** The id of the first message in view. */
  get first() {
    return /** @type {HTMLElement | null} */ (this.list.querySelector("[data-message]"))?.dataset.message;
  }

  /** The id of the reply that is not finished, if there is one. A conversation has at most one. */
  get unfinished() {
    return [...this.replies].find(([, reply]) => UNFINISHED.includes(reply.status))?.[0];
  }

  /** @param {string} id @returns {HTMLElement | null} */
  message(id) {
    return this.list.querySelector(`[data-message="${CSS.escape(id)}"]`);
  }

  /** Reads the replies that the server rendered. If frames brought newer text for an unfinished one, it shows that. */
  adopt() {
    for (const element of this.list.querySelectorAll("[data-reply]")) {
      const { reply: id = "", message: messageId = "", status = "", attempt } = /** @type {HTMLElement} */ (element).dataset;
      const earlier = this.replies.get(id);
      if (earlier && UNFINISHED.includes(status)) this.show(Object.assign(earlier, { messageId }));
      else {
        const text = element.querySelector('[data-slot="text"]')?.textContent ?? "";
        this.replies.set(id, { messageId, status, attempt: Number(attempt), seq: -1, text, detail: "" });
      }
    }
    for (const element of this.list.querySelectorAll('[data-author="persona"]')) showMarks(element);
    showTimes(this.page, this.list);
    makeDialable(this.list);
  }

  /** Shows a person's message. Returns false if it belongs to another branch. @param {MessageShown} message */
  accept(message) {
    if (this.message(message.id)) return true;
    if ((message.parent ?? undefined) !== this.last?.dataset.message) return false;
    this.append(userElement(this.page, message));
    return true;
  }

  /** Shows a waiting reply. Returns false if it belongs to another branch, or to a new persona. @param {ReplyQueued} frame */
  queue(frame) {
    const earlier = this.replies.get(frame.reply_id);
    if (earlier && frame.attempt < earlier.attempt) return true; // the reply has begun meanwhile
    const reply = earlier ?? { messageId: frame.message_id, status: "", attempt: 0, seq: -1, text: "", detail: "" };
    Object.assign(reply, { messageId: frame.message_id, status: "queued" });
    this.replies.set(frame.reply_id, reply);
    if (!this.message(frame.message_id)) {
      if ((frame.parent ?? undefined) !== this.last?.dataset.message || !hasBlank(this.page, frame.persona_id)) return false;
      this.append(replyElement(this.page, frame));
    }
    this.show(reply);
    this.fillIn(reply, "waiting", frame.detail);
    return true;
  }

  /** @param {ReplyStarted} frame */
  start(frame) {
    const reply = this.atAttempt(frame);
    if (!reply) return;
    reply.status = reply.text ? "generating" : "started";
    this.show(reply);
    this.fillIn(reply, "engine", format(gettext(" with {engine}"), { engine: frame.engine }));
    this.fillIn(reply, "because", frame.because && takeover(frame.engine, reply.text !== ""));
  }

  /** Appends a piece, and returns what is to be read out. @param {ReplyDelta} frame */
  extend(frame) {
    const reply = this.atAttempt(frame);
    if (!reply || frame.seq <= reply.seq) return "";
    // The first piece of an attempt replaces the text. For a continued reply it repeats the text so far.
    const before = frame.seq === 0 ? "" : reply.text;
    const repeated = frame.seq === 0 && reply.text === frame.text;
    reply.seq = frame.seq;
    reply.text = before + frame.text;
    reply.status = "generating";
    this.show(reply);
    return repeated ? "" : readOut(this.message(reply.messageId), frame);
  }

  /**
   * @param {string} replyId @param {string} status @param {string | null} text null: the shown text stays
   * @param {string} detail why, for the person @param {string} recalled what of the memory the prompt held
   */
  end(replyId, status, text, detail, recalled) {
    const reply = this.replies.get(replyId);
    if (!reply) return;
    Object.assign(reply, { status, detail, text: text ?? reply.text });
    this.show(reply);
    this.fillIn(reply, "recalled", recalled);
  }

  /** @param {NoticeShown} notice */
  notice(notice) {
    if (notice.id && this.list.querySelector(`#notice-${CSS.escape(notice.id)}`)) return false;
    const element = noticeElement(this.page, notice);
    const after = notice.message_id && this.message(notice.message_id);
    if (after) after.after(element);
    else this.insert(element);
    makeDialable(element);
    return true;
  }

  /** Replaces the thread by the one that the server renders now. @param {HTMLElement} fresh */
  replace(fresh) {
    const waiting = pending(this.list);
    this.list.replaceWith(fresh);
    fresh.append(...waiting);
    this.adopt();
  }

  /** @param {{reply_id: string, attempt: number}} frame @returns {Reply | undefined} undefined: outdated */
  atAttempt(frame) {
    const reply = this.replies.get(frame.reply_id);
    if (!reply || frame.attempt < reply.attempt) return undefined;
    if (frame.attempt > reply.attempt) Object.assign(reply, { attempt: frame.attempt, seq: -1 });
    return reply;
  }

  /** @param {Reply} reply */
  show(reply) {
    const element = this.message(reply.messageId);
    if (!element) return;
    element.dataset.status = reply.status;
    this.typing.write(required(element, '[data-slot="text"]'), reply.text);
    fill(element, "detail", reply.detail);
    showMarks(element);
  }

  /** @param {Reply} reply @param {string} slot @param {string} text */
  fillIn(reply, slot, text) {
    const element = this.message(reply.messageId);
    if (element) fill(element, slot, text);
  }

  /** @param {HTMLElement} element */
  append(element) {
    this.list.querySelector("[data-empty]")?.remove();
    this.insert(element);
    showTimes(this.page, this.list, element);
  }

  /** Adds an element at the end, before the messages that the server has not accepted yet. @param {HTMLElement} element */
  insert(element) {
    this.list.insertBefore(element, pending(this.list)[0] ?? null);
  }
}
