// @ts-check
// The strings of the scripts in the language of the page. English stands in the scripts; the page brings translations.

const element = document.getElementById("script-words");
/** @type {Record<string, string | string[]>} */
const words = JSON.parse(element?.textContent || "{}");

/** For dates and numbers. English is written as in Britain, as in the pages. */
export const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;

/** @param {string} english a whole sentence or label @returns {string} */
export function gettext(english) {
  return String(words[english] ?? english);
}

/**
 * The form for a count, with its values. English has two forms, Chinese has one.
 * @param {string} one
 * @param {string} many
 * @param {number} count
 */
export function ngettext(one, many, count) {
  const forms = words[one];
  if (!Array.isArray(forms)) return count === 1 ? one : many;
  return forms[Math.min(count === 1 ? 0 : 1, forms.length - 1)];
}

/** Puts values into a text: `fill("{count} of {most}", { count, most })`. @param {string} text @param {Record<string, string | number>} values */
export function format(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
