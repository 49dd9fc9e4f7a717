// @ts-check
// Shows a theme and a size of text on this page as soon as it is chosen. The form's button keeps the choice.

import { required } from "./dom.js";

required(document, "[data-looks]").addEventListener("change", (event) => {
  const { name, value } = /** @type {HTMLInputElement} */ (event.target);
  const { dataset } = document.documentElement;
  if (name === "theme") dataset.theme = value;
  if (name === "text_size") dataset.textSize = value;
});
