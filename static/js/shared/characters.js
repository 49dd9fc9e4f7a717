// @ts-check
// Counts characters as the server does: Unicode code points of the trimmed text. A line end counts as one.

import { language } from "./words.js";

/** @param {string} text a field's value, in which the browser has turned every line end into "\n" */
export function characters(text) {
  return [...text.trim()].length;
}

/** @param {number} count */
export const inWords = (count) => count.toLocaleString(language);
