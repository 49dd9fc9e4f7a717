// @ts-check
// Keeps the keyboard's place when what has the focus goes away. Otherwise the focus falls to the top of the page.

/**
 * Changes the page. If the focused element goes away by that, the focus goes to what stands in its place.
 * @param {() => void} change
 * @param {(lost: HTMLElement) => HTMLElement | null | undefined} inPlaceOf the element that takes the focus, if there is one
 */
export function keepFocus(change, inPlaceOf) {
  const before = document.activeElement;
  change();
  const now = document.activeElement;
  if (!(before instanceof HTMLElement) || before === document.body || (now !== before && now !== document.body)) return;
  if (!before.checkVisibility()) focusOn(inPlaceOf(before));
  else if (now !== before) focusOn(before); // it was moved in the page, which takes the focus from it
}

/** Focuses any element, also one that is no control. @param {HTMLElement | null | undefined} element */
export function focusOn(element) {
  if (!element) return;
  element.focus({ preventScroll: true });
  if (document.activeElement === element) return;
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

/**
 * The control of another part that has the name of the lost one, or the part itself.
 * @param {HTMLElement} part
 * @param {HTMLElement} lost
 */
export function sameControl(part, lost) {
  const name = nameOf(lost);
  const controls = /** @type {NodeListOf<HTMLElement>} */ (part.querySelectorAll("a[href], button, summary"));
  return [...controls].find((control) => nameOf(control) === name && control.checkVisibility()) ?? part;
}

/** @param {HTMLElement} control */
function nameOf(control) {
  return control.getAttribute("aria-label") ?? control.textContent?.trim();
}
