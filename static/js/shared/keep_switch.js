// @ts-check
// The switch on the account's page that keeps conversations in this browser.

import { required } from "./dom.js";
import { begin, forget, isKeeping, isPossible } from "./kept.js";

const { account = "" } = document.body.dataset;
const section = required(document, "[data-keep]");
const box = /** @type {HTMLInputElement} */ (required(section, "input"));

async function show() {
  box.checked = await isKeeping(account);
  section.hidden = !isPossible();
}

box.addEventListener("change", async () => {
  box.disabled = true;
  await (box.checked ? begin(account) : forget("")).catch(() => forget("")); // storage is full or forbidden
  box.disabled = false;
  if (document.activeElement === document.body) box.focus(); // a disabled box loses the focus
  await show();
});
show();
