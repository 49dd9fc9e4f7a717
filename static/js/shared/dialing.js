// @ts-check
// The numbers of help lines as links.

const NUMBER = /\+?\d[\d\s().-]{1,18}\d/;

/**
 * Turns the number of a help line into a link that a phone dials. If the line takes only texts, it opens a text.
 * @param {ParentNode} root
 */
export function makeDialable(root) {
  for (const element of root.querySelectorAll("[data-contact]")) {
    const words = element.textContent ?? "";
    const number = words.match(NUMBER)?.[0];
    if (!number || element.querySelector("a")) continue;
    const link = document.createElement("a");
    const isTextOnly = /\btext\b/i.test(words) && !/\bcall\b/i.test(words);
    link.href = `${isTextOnly ? "sms" : "tel"}:${number.replace(/[^\d+]/g, "")}`;
    link.textContent = number;
    const at = words.indexOf(number);
    element.replaceChildren(words.slice(0, at), link, words.slice(at + number.length));
  }
}
