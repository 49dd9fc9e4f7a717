// @ts-check
// Reads characters as the server does. It counts Unicode code points of the trimmed text; a line end counts as one.

import { language } from "./words.js";

/** @param {string} text a field's value, in which the browser has turned every line end into "\n" */
export function characters(text) {
  return [...text.trim()].length;
}

const VISIBLE = /[^\p{Zs}\p{Zl}\p{Zp}\p{Cc}\p{Cf}\p{Noncharacter_Code_Point}]/u;

/** Whether the server sees something in a text (text/cleaning.py: is_blank). @param {string} text */
export function isVisible(text) {
  return VISIBLE.test(text);
}

/** @param {number} count */
export const inWords = (count) => count.toLocaleString(language);
