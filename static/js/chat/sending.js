// @ts-check
// Sends the messages of the outbox one by one, in order, each as soon as the persona can answer it.

import { showPending } from "./pending.js";

/** @typedef {import("./outbox.js").Draft} Draft */

export class Sending {
  /**
   * @param {import("./outbox.js").Outbox} outbox
   * @param {import("./thread.js").Thread} thread
   * @param {import("./socket.js").Connection} connection
   * @param {import("./composer.js").Composer | null} composer null: nobody writes here
   */
  constructor(outbox, thread, connection, composer) {
    this.outbox = outbox;
    this.thread = thread;
    this.connection = connection;
    this.composer = composer;
    this.inFlight = ""; // the client id of the message that was sent over this socket and is not answered yet
    this.isReplyDue = false; // a message was accepted, and the frame that announces its reply has not come yet
  }

  /** @param {Draft} draft */
  add(draft) {
    this.outbox.add(draft);
    this.composer?.say("");
    this.next();
  }

  /** Sends the next message if the persona can answer it now. */
  next() {
    const next = this.composer && this.outbox.first;
    const isFree = this.connection.isOpen && !this.thread.unfinished && !this.isReplyDue;
    if (next && isFree && this.inFlight !== next.clientId) {
      this.inFlight = next.clientId;
      this.connection.send({ type: "message.send", client_id: next.clientId, text: next.text });
    }
    this.show();
  }

  /** Sends again what has no answer. The thread is loaded where frames were lost, and the answer may be one of them. */
  again() {
    this.inFlight = "";
    this.next();
  }

  show() {
    const { isOpen } = this.connection;
    const drafts = this.composer ? this.outbox.drafts : [];
    const statusOf = (/** @type {string} */ clientId) => (isOpen && clientId === this.inFlight ? "sending" : isOpen ? "waiting" : "unsent");
    showPending(
      this.thread.page,
      this.thread.list,
      drafts.map((draft) => ({ ...draft, status: statusOf(draft.clientId) })),
    );
  }

  /** @param {import("./protocol.d.ts").MessageAccepted} frame */
  accepted(frame) {
    this.isReplyDue = !frame.message.is_withheld;
    if (frame.client_id && this.outbox.take(frame.client_id)) this.composer?.say("");
  }

  /** Whether a message is still to be accepted. @param {string | null | undefined} clientId */
  has(clientId) {
    return this.outbox.drafts.some((draft) => draft.clientId === clientId);
  }

  /** Puts all messages back into the box, because the first one was refused. The others must not overtake it. */
  takeBackAll() {
    this.inFlight = "";
    this.composer?.takeBack(this.outbox.takeAll());
  }

  /** @param {Element} button of a message that was not sent yet */
  takeBack(button) {
    const { client = "" } = /** @type {HTMLElement} */ (button.closest("[data-client]")).dataset;
    const draft = this.outbox.take(client);
    if (draft) this.composer?.takeBack([draft]);
    this.show();
    this.composer?.box.focus();
  }
}
