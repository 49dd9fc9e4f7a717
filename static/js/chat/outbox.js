// @ts-check
// Messages that were sent here and that the server has not accepted yet, in order. The browser stores them until then,
// or until the session ends. All tabs of a conversation share them: whichever tab sends one, its id stays the same.

/** @typedef {{text: string, clientId: string}} Draft */

export class Outbox {
  /** @param {string} key in localStorage @param {() => void} onChange another tab added or removed a message */
  constructor(key, onChange) {
    this.key = key;
    this.isStored = true;
    /** @type {Draft[]} */
    this.drafts = this.read(this.stored()) ?? [];
    addEventListener("storage", (event) => {
      if (event.key !== key || event.newValue === null) return; // null: removed at the end of a session
      this.drafts = this.read(event.newValue) ?? this.drafts;
      onChange();
    });
  }

  /** The message that is sent next. */
  get first() {
    return this.drafts.at(0);
  }

  /** @param {Draft} draft */
  add(draft) {
    this.drafts = [...this.drafts, draft];
    this.store();
  }

  /** Removes one message and returns it, if it is there. @param {string} clientId */
  take(clientId) {
    const draft = this.drafts.find((each) => each.clientId === clientId);
    if (!draft) return undefined;
    this.drafts = this.drafts.filter((each) => each !== draft);
    this.store();
    return draft;
  }

  /** Removes all messages and returns them. */
  takeAll() {
    const { drafts } = this;
    this.drafts = [];
    if (drafts.length) this.store();
    return drafts;
  }

  /** Whether the browser stores the messages from now on; false also deletes them there. @param {boolean} isStored */
  keep(isStored) {
    this.isStored = isStored;
    this.store();
  }

  /** @param {string | null} json @returns {Draft[] | undefined} undefined: it is not a list of messages */
  read(json) {
    try {
      const drafts = JSON.parse(json ?? "[]");
      return Array.isArray(drafts) ? drafts : undefined;
    } catch {
      return undefined;
    }
  }

  stored() {
    try {
      return localStorage.getItem(this.key);
    } catch {
      return null; // storage is off
    }
  }

  store() {
    try {
      // An empty list is written before it is removed, so that other tabs can tell it from the end of a session.
      if (this.isStored) localStorage.setItem(this.key, JSON.stringify(this.drafts));
      if (!this.isStored || !this.drafts.length) localStorage.removeItem(this.key);
    } catch {
      // Storage is off or full; the messages are still in this tab.
    }
  }
}
