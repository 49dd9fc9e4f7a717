// @ts-check
// Whether somebody is using this page. The server counts the time and says when a break is due.

const IDLE_MS = 5 * 60_000;
const SIGNS = ["keydown", "pointerdown", "pointermove", "scroll"];

export class Use {
  constructor() {
    this.at = Date.now();
    for (const sign of SIGNS) addEventListener(sign, () => (this.at = Date.now()), { capture: true, passive: true });
  }

  /** The page is visible, and its person has done something within the last minutes. */
  get isNow() {
    return document.visibilityState === "visible" && Date.now() - this.at < IDLE_MS;
  }
}
