// @ts-check
// Scrolls with the newest text while the reader is at the end. Otherwise it shows a button and does not scroll.

import { keepFocus } from "../shared/focus.js";

const NEAR_PX = 120;

export class Scrolling {
  /**
   * @param {HTMLElement} button shown when there is newer text below
   * @param {HTMLElement} content the element that grows
   */
  constructor(button, content) {
    this.button = button;
    this.content = content;
    this.isFollowing = true;
    button.addEventListener("click", () => this.toEnd());
    addEventListener("scroll", () => this.scrolled(), { passive: true });
    // A message that is not rendered yet has an estimated height (content-visibility), which changes later.
    new ResizeObserver(() => this.isFollowing && this.toEnd()).observe(content);
  }

  get isAtEnd() {
    return innerHeight + scrollY >= document.documentElement.scrollHeight - NEAR_PX;
  }

  scrolled() {
    this.isFollowing = this.isAtEnd;
    if (this.isFollowing) this.hideButton();
  }

  /** Begins at the message that the address names, otherwise at the end, where also the site's own messages stand. */
  begin() {
    const target = document.querySelector(".message:target");
    if (!target || document.querySelector(".site-messages > .notice")) return this.toEnd();
    this.isFollowing = false;
    target.scrollIntoView({ block: "center" });
  }

  toEnd() {
    this.isFollowing = true;
    this.hideButton();
    scrollTo({ top: document.documentElement.scrollHeight });
  }

  /** If it has the focus, the newest message gets it. */
  hideButton() {
    if (this.button.hidden) return;
    const newest = () => /** @type {HTMLElement | undefined} */ ([...this.content.querySelectorAll("[data-message]")].at(-1));
    keepFocus(() => (this.button.hidden = true), newest);
  }

  /**
   * Changes the page without moving the reader.
   * @param {() => void} change
   * @param {boolean} [isNews] whether to show the button to a reader who is further up
   */
  around(change, isNews = true) {
    this.isFollowing = this.isAtEnd;
    const before = document.documentElement.scrollHeight;
    change();
    if (this.isFollowing) this.toEnd();
    else if (isNews && document.documentElement.scrollHeight > before) this.button.hidden = false;
  }
}
