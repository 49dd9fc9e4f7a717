// @ts-check
// Keeps the open conversation in this browser, if its person wants that (shared/kept.js).

import { forget, isKeeping, keepPage } from "../shared/kept.js";

const SETTLED_MS = 1000; // several frames end a reply

export class Keeping {
  /** @param {string} account */
  constructor(account) {
    this.account = account;
    this.timer = 0;
    this.soon();
  }

  /** Keeps the conversation while the session is open, and nothing once it has ended. @param {boolean} isOpen */
  keep(isOpen) {
    if (isOpen) this.soon();
    else forget("");
  }

  /** Keeps the conversation as it is in a moment. */
  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), SETTLED_MS);
  }

  async now() {
    if (!(await isKeeping(this.account))) return;
    await keepPage(this.account, location.pathname).catch(() => {}); // there is no connection, or no space
  }
}
