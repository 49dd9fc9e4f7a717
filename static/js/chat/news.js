// @ts-check
// What tells a person of a reply that ended while they looked elsewhere: a mark in the tab's title, and a notification
// if they want one. The notification says who has answered, and nothing of the words: a locked screen may show it.

import { required } from "../shared/dom.js";
import { format, gettext } from "../shared/words.js";

const MARK = "● ";

export class News {
  /**
   * @param {HTMLElement} page
   * @param {string} key of the wish in this browser's storage, one for each account
   * @param {() => void} seen when the newest message is before the person's eyes
   */
  constructor(page, key, seen) {
    this.page = page;
    this.key = key;
    this.seen = seen;
    this.box = /** @type {HTMLInputElement} */ (required(page, "[data-notify] input"));
    required(page, "[data-notify]").hidden = !("Notification" in window);
    this.box.checked = this.isWanted;
    this.box.addEventListener("change", () => this.choose());
    document.addEventListener("visibilitychange", () => this.looked());
  }

  get isWanted() {
    return "Notification" in window && Notification.permission === "granted" && localStorage.getItem(this.key) === "yes";
  }

  async choose() {
    localStorage.removeItem(this.key);
    if (this.box.checked && (await Notification.requestPermission()) === "granted") localStorage.setItem(this.key, "yes");
    this.box.checked = this.isWanted;
  }

  /** A reply has ended. @param {string} replyId */
  came(replyId) {
    if (!document.hidden) return this.seen();
    if (!document.title.startsWith(MARK)) document.title = MARK + document.title;
    if (!this.isWanted) return;
    const name = this.page.querySelector(`[data-reply="${CSS.escape(replyId)}"] [data-speaker]`)?.textContent ?? "";
    const notification = new Notification(format(gettext("{name} has answered."), { name }), { tag: this.key });
    notification.addEventListener("click", () => focus());
  }

  looked() {
    if (document.hidden || !document.title.startsWith(MARK)) return;
    document.title = document.title.slice(MARK.length);
    this.seen();
  }
}
