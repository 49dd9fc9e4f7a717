// @ts-check
// The line under a conversation that reports a problem with its connection.

import { format, gettext } from "../shared/words.js";

/** @typedef {import("./socket.js").State} State */

export class ConnectionLine {
  /** @param {HTMLElement} element @param {string} signInUrl */
  constructor(element, signInUrl) {
    this.element = element;
    this.link = document.createElement("a");
    this.link.href = signInUrl;
    this.link.target = "_blank"; // unsent text stays in this tab
    this.link.rel = "noopener";
    this.link.textContent = gettext("Sign in (in a new tab)");
  }

  /** @param {State} state @param {number} retryInMs @param {boolean} isBarred */
  show(state, retryInMs, isBarred) {
    const parts = this.parts(state, retryInMs, isBarred);
    if (parts) this.element.replaceChildren(...parts);
    this.element.hidden = !this.element.textContent;
  }

  /** @param {State} state @param {number} retryInMs @param {boolean} isBarred @returns {(string | Node)[] | null} null: the line stays */
  parts(state, retryInMs, isBarred) {
    if (isBarred) return [gettext("A live connection is not possible here. The page works without it: send your message, then reload the page.")];
    const seconds = Math.max(1, Math.round(retryInMs / 1000));
    switch (state) {
      case "open":
        return [];
      case "waiting":
        return [format(gettext("No connection. Trying again in {seconds} s. What you write is kept here."), { seconds })];
      case "crowded":
        return [format(gettext("You have reached the limit of open conversations. Close another one. This one tries again in {seconds} s. What you write is kept here."), { seconds })];
      case "signed-out":
        return [gettext("You are signed out. What you wrote stays in the box until you leave this page."), " ", this.link];
      default:
        return null;
    }
  }
}
