// @ts-check
// On every page: drafts of nobody but the person who is signed in now stay in this browser.

import { forgetDrafts, signOut } from "./drafts.js";

forgetDrafts(document.body.dataset.account ?? "");
document.addEventListener("submit", (event) => {
  if (/** @type {Element} */ (event.target).matches("[data-sign-out]")) signOut();
});
