// @ts-check
// Follows the newest words only while the reader is there; otherwise offers a way down and moves nothing.

const NEAR_PX = 120;

export class Scrolling {
  /**
   * @param {HTMLElement} button shown when there are newer words below
   * @param {HTMLElement} content what grows
   */
  constructor(button, content) {
    this.button = button;
    this.isFollowing = true;
    button.addEventListener("click", () => this.toEnd());
    addEventListener("scroll", () => this.scrolled(), { passive: true });
    // A message that is not yet rendered has an estimated height (content-visibility); its true one comes later.
    new ResizeObserver(() => this.isFollowing && this.toEnd()).observe(content);
  }

  get isAtEnd() {
    return innerHeight + scrollY >= document.documentElement.scrollHeight - NEAR_PX;
  }

  scrolled() {
    this.isFollowing = this.isAtEnd;
    if (this.isFollowing) this.button.hidden = true;
  }

  toEnd() {
    this.isFollowing = true;
    this.button.hidden = true;
    scrollTo({ top: document.documentElement.scrollHeight });
  }

  /**
   * Changes the page and keeps the reader where they are.
   * @param {() => void} change
   * @param {boolean} [isNews] whether what was added is worth a hint to somebody who reads further up
   */
  around(change, isNews = true) {
    this.isFollowing = this.isAtEnd;
    const before = document.documentElement.scrollHeight;
    change();
    if (this.isFollowing) this.toEnd();
    else if (isNews && document.documentElement.scrollHeight > before) this.button.hidden = false;
  }
}
