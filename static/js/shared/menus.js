// @ts-check
// Closes a menu that the keyboard has left. It would cover the page on which the focus goes on.

for (const menu of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[popover]"))) {
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Element) || menu.contains(relatedTarget)) return;
    if (!relatedTarget.matches(`[popovertarget="${menu.id}"]`)) menu.hidePopover();
  });
}
