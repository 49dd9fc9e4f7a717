// @ts-check
// The command palette: Ctrl K or ⌘ K lists the links and commands of the page; typing narrows the list.

import { required } from "./dom.js";

const COMMANDS = "[data-commands] a[href], [data-command]";

class Palette {
  /** @param {HTMLDialogElement} dialog */
  constructor(dialog) {
    this.dialog = dialog;
    this.box = /** @type {HTMLInputElement} */ (required(dialog, "input"));
    this.list = required(dialog, "ul");
    this.empty = required(dialog, "[data-empty]");
    this.search = /** @type {HTMLAnchorElement} */ (required(dialog, "[data-search]"));
    this.searchAddress = this.search.href;
    this.box.addEventListener("input", () => this.narrow());
    dialog.addEventListener("keydown", (event) => this.pressed(event));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  open() {
    if (this.dialog.open) return;
    this.list.replaceChildren(...commands().map(([label, run]) => this.item(label, run)));
    this.box.value = "";
    this.narrow();
    this.dialog.showModal();
  }

  /** @param {string} label @param {() => void} run @returns {HTMLLIElement} */
  item(label, run) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.dir = "auto";
    button.addEventListener("click", () => {
      this.dialog.close();
      run();
    });
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  /** Shows the commands that contain every word in the box. */
  narrow() {
    const words = this.box.value.toLocaleLowerCase().split(/\s+/);
    for (const item of /** @type {HTMLCollectionOf<HTMLElement>} */ (this.list.children)) {
      const label = item.textContent?.toLocaleLowerCase() ?? "";
      item.hidden = !words.every((word) => label.includes(word));
    }
    const text = this.box.value.trim();
    this.empty.hidden = this.choices.length > 0;
    this.search.hidden = !text;
    this.search.href = `${this.searchAddress}?q=${encodeURIComponent(text)}`;
  }

  get choices() {
    return /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll("li:not([hidden]) button")]);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && event.target === this.box) {
      event.preventDefault();
      (this.choices[0] ?? this.search).click();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : -1);
    }
  }

  /** Moves the focus among the box and the shown commands. @param {1 | -1} step */
  move(step) {
    const stops = [this.box, ...this.choices];
    const at = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    stops[(at + step + stops.length) % stops.length]?.focus();
  }
}

/** What the page offers, in its order: a label and what it does. @returns {[string, () => void][]} */
function commands() {
  /** @type {Map<string, () => void>} */
  const found = new Map();
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(COMMANDS))) {
    const text = [...element.childNodes].map((node) => node.textContent).join(" ");
    const label = (element.dataset.command || text).replace(/\s+/g, " ").trim();
    if (label && !found.has(label)) found.set(label, () => element.click());
  }
  return [...found];
}

const dialog = /** @type {HTMLDialogElement | null} */ (document.querySelector("[data-palette]"));
if (dialog) {
  const palette = new Palette(dialog);
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    if (event.isComposing) return;
    event.preventDefault();
    palette.open();
  });
}
