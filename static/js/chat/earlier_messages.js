// @ts-check
// Loads the messages before those on the page when the reader comes near the first one.

import { required } from "../shared/dom.js";
import { keepFocus } from "../shared/focus.js";

/** @typedef {import("./thread.js").Thread} Thread */

const NEAR = "600px 0px 0px";
const KEEPS_PLACE = CSS.supports("overflow-anchor", "auto");

export class EarlierMessages {
  /** @param {Thread} thread @param {string} url of the thread */
  constructor(thread, url) {
    this.thread = thread;
    this.url = url;
    this.observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.load(), { rootMargin: NEAR });
    this.watch();
  }

  /** Watches the link to earlier messages. Call it whenever the thread was rendered anew. */
  watch() {
    this.observer.disconnect();
    const link = this.link;
    if (link) this.observer.observe(link);
  }

  get link() {
    return this.thread.list.querySelector("[data-earlier]");
  }

  /** Puts the earlier messages in the place of the link. If they cannot be loaded, the link stays and leads to them. */
  async load() {
    const link = this.link;
    if (!link) return;
    this.observer.disconnect();
    const response = await fetch(`${this.url}?until=${this.thread.first}`, { headers: { accept: "text/html" } }).catch(() => undefined);
    if (!response?.ok || link !== this.link) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const before = document.documentElement.scrollHeight;
    this.put(document.adoptNode(required(fresh, "[data-thread]")), link);
    if (!KEEPS_PLACE) scrollBy({ top: document.documentElement.scrollHeight - before });
    this.watch();
  }

  /** @param {Element} earlier @param {Element} link */
  put(earlier, link) {
    for (const each of earlier.querySelectorAll(".thread-disclosure, template")) each.remove(); // the page has them
    const newest = /** @type {HTMLElement | undefined} */ ([...earlier.querySelectorAll("[data-message]")].at(-1));
    keepFocus(() => link.replaceWith(...earlier.children), () => newest);
    this.thread.adopt();
  }
}
