// @ts-check
// Follows the newest words only while the reader is there; otherwise offers a way down and moves nothing.

const NEAR_PX = 120;

export class Scrolling {
  /** @param {HTMLElement} button shown when there are newer words below */
  constructor(button) {
    this.button = button;
    button.addEventListener("click", () => this.toEnd());
    addEventListener("scroll", () => this.isAtEnd && (button.hidden = true), { passive: true });
  }

  get isAtEnd() {
    return innerHeight + scrollY >= document.documentElement.scrollHeight - NEAR_PX;
  }

  toEnd() {
    this.button.hidden = true;
    scrollTo({ top: document.documentElement.scrollHeight });
    // Parts that were never on screen have an estimated height until they are.
    requestAnimationFrame(() => scrollTo({ top: document.documentElement.scrollHeight }));
  }

  /**
   * Changes the page and keeps the reader where they are.
   * @param {() => void} change
   * @param {boolean} [isNews] whether what was added is worth a hint to somebody who reads further up
   */
  around(change, isNews = true) {
    const wasAtEnd = this.isAtEnd;
    const before = document.documentElement.scrollHeight;
    change();
    if (wasAtEnd) this.toEnd();
    else if (isNews && document.documentElement.scrollHeight > before) this.button.hidden = false;
  }
}
