// @ts-check
// Characters as the server counts them: Unicode code points of what is left after trimming, a line end being one.

/** @param {string} text what a field holds, in which the browser has made every line end "\n" */
export function characters(text) {
  return [...text.trim()].length;
}

/** @param {number} count */
export const inWords = (count) => count.toLocaleString("en");
