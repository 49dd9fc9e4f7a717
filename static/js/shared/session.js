// @ts-check
// On every page: this browser keeps only the drafts of the person who is signed in now.

import { forgetDrafts, signOut } from "./drafts.js";

forgetDrafts(document.body.dataset.account ?? "");
document.addEventListener("submit", (event) => {
  if (/** @type {Element} */ (event.target).matches("[data-sign-out]")) signOut();
});
