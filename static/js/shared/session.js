// @ts-check
// On every page: this browser keeps only the drafts and copies of the person who is signed in now.

import { forgetDrafts, signOut } from "./drafts.js";
import { compare, forget } from "./kept.js";

const { account = "" } = document.body.dataset;

forgetDrafts(account);
forget(account).then(() => compare(account));
document.addEventListener("submit", (event) => {
  if (!(/** @type {Element} */ (event.target).matches("[data-sign-out]"))) return;
  signOut();
  forget("");
});
