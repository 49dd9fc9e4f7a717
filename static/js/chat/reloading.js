// @ts-check
// Loads the thread from the server, for another branch. Text that streams meanwhile is kept in the thread.

import { required } from "../shared/dom.js";
import { keepFocus, sameControl } from "../shared/focus.js";

export class Reloading {
  /**
   * @param {import("./thread.js").Thread} thread
   * @param {import("./scrolling.js").Scrolling} scrolling
   * @param {string} url of the thread alone
   * @param {() => void} loaded after each load
   * @param {() => void} failed
   */
  constructor(thread, scrolling, url, loaded, failed) {
    this.thread = thread;
    this.scrolling = scrolling;
    this.url = url;
    this.loaded = loaded;
    this.failed = failed;
    this.isUnderWay = false;
    this.again = false;
  }

  /** Loads, and loads once more if it was asked to meanwhile. */
  async load() {
    this.again = this.isUnderWay;
    if (this.isUnderWay) return;
    this.isUnderWay = true;
    try {
      const { first } = this.thread;
      const response = await fetch(first ? `${this.url}?since=${first}` : this.url, { headers: { accept: "text/html" } });
      if (!response.ok) throw new Error(`${response.status}`);
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      this.show(document.adoptNode(required(fresh, "[data-thread]")));
      this.loaded();
    } catch {
      this.failed();
    } finally {
      this.isUnderWay = false;
      if (this.again) this.load();
    }
  }

  /** A focus on a control goes to the same one of the message that stands in its place. @param {HTMLElement} list */
  show(list) {
    const place = this.thread.messages.findIndex((message) => message.contains(document.activeElement));
    keepFocus(() => this.scrolling.around(() => this.thread.replace(list)), (lost) => {
      const message = this.thread.messages[place] ?? this.thread.last;
      return message && sameControl(message, lost);
    });
  }
}
