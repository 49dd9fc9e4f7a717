// @ts-check
// Closes a menu that the keyboard has left. It would cover the page on which the focus goes on.

for (const menu of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[popover]"))) {
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    // A press of the mouse inside the menu may focus the part of the page around it.
    if (!(relatedTarget instanceof Element) || menu.contains(relatedTarget) || relatedTarget.contains(menu)) return;
    if (!relatedTarget.matches(`[popovertarget="${menu.id}"]`)) menu.hidePopover();
  });
}
