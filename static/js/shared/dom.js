// @ts-check
// Small functions for elements. Text from people is always set as text, never as markup.

import { language } from "./words.js";

/**
 * The first element that matches. Throws if the page has none.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {T}
 */
export function required(root, selector) {
  const element = root.querySelector(selector);
  if (!element) throw new Error(`The page has no ${selector}.`);
  return /** @type {T} */ (element);
}

/**
 * A copy of the first element inside `<template data-blank="name">`.
 * @param {ParentNode} root
 * @param {string} name
 * @returns {HTMLElement}
 */
export function blank(root, name) {
  const template = /** @type {HTMLTemplateElement} */ (required(root, `template[data-blank="${name}"]`));
  const first = template.content.firstElementChild;
  if (!first) throw new Error(`The template ${name} is empty.`);
  return /** @type {HTMLElement} */ (document.importNode(first, true));
}

/**
 * Whether there is a `<template data-blank="name">`.
 * @param {ParentNode} root
 * @param {string} name
 */
export function hasBlank(root, name) {
  return root.querySelector(`template[data-blank="${name}"]`) !== null;
}

/**
 * Sets the text of a part. Returns false if the element has no such part.
 * @param {Element} element
 * @param {string} name
 * @param {string} text
 */
export function fill(element, name, text) {
  const part = element.querySelector(`[data-slot="${name}"]`);
  if (!part) return false;
  if (part.textContent !== text) part.textContent = text;
  return true;
}

/**
 * Writes times in the reader's own time zone: the hour for `data-time`, the day for `data-date`, and both for
 * `data-moment`. In English, the hour has the browser's own format.
 * @param {ParentNode} root
 */
export function localTimes(root) {
  const hour = new Intl.DateTimeFormat(language === "en-GB" ? undefined : language, { timeStyle: "short" });
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", year: "numeric" });
  const between = language.startsWith("zh") ? " " : ", ";
  for (const element of root.querySelectorAll("time[data-time], time[data-date], time[data-moment]")) {
    const time = /** @type {HTMLTimeElement} */ (element);
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const formats = time.matches("[data-moment]") ? [day, hour] : [time.matches("[data-date]") ? day : hour];
    time.textContent = formats.map((format) => format.format(moment)).join(between);
  }
}
