// @ts-check
// Takes dropped and chosen files, and sends them in pieces while the person goes on typing. When all have arrived, the
// form is sent, and its next page shows what was read. Without this module, the form sends its files itself.

import { blank, required } from "../shared/dom.js";
import { keepFocus } from "../shared/focus.js";
import { Refused, Upload } from "./resumable.js";
import { format, gettext } from "../shared/words.js";

/** @param {HTMLFormElement} form */
function attach(form) {
  const files = /** @type {HTMLInputElement} */ (form.elements.namedItem("files"));
  const zone = required(form, "[data-drop-zone]");
  const list = required(form, "[data-uploads]");
  const status = required(form, "[data-upload-status]");
  const mostBytes = Number(form.dataset.mostBytes);
  const pieceBytes = Number(form.dataset.pieceBytes);
  const token = /** @type {HTMLInputElement} */ (form.elements.namedItem("csrfmiddlewaretoken")).value;
  /** The work under way: one file after the other. @type {Promise<void>} */
  let work = Promise.resolve();
  let waiting = 0;
  let refused = 0;
  /** The button that was pressed while files were being sent. @type {HTMLElement | null} */
  let pressed = null;

  for (const part of form.querySelectorAll("[data-scripts-only]")) part.removeAttribute("hidden");
  files.addEventListener("change", () => {
    take([...(files.files ?? [])]);
    files.value = ""; // the pieces are the upload; the form must not send the files again
  });
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.toggleAttribute("data-over", true);
  });
  zone.addEventListener("dragleave", () => zone.removeAttribute("data-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.removeAttribute("data-over");
    take([...(event.dataTransfer?.files ?? [])]);
  });
  form.addEventListener("submit", (event) => {
    if (!waiting) return;
    event.preventDefault();
    pressed = event.submitter;
    say(gettext("This goes on when all files have arrived."));
  });

  /** @param {File[]} chosen */
  function take(chosen) {
    const large = chosen.find((file) => file.size > mostBytes);
    if (large) {
      const values = { name: large.name, size: megabytes(large.size), most: megabytes(mostBytes) };
      return say(format(gettext("{name} has {size} MB; the limit is {most} MB. Choose a smaller file."), values), true);
    }
    const empty = chosen.find((file) => !file.size);
    if (empty) return say(format(gettext("{name} is empty. Choose another file."), { name: empty.name }), true);
    say("");
    for (const file of chosen) {
      waiting += 1;
      const row = shownRow(file);
      work = work.then(() => send(file, row)).then(finish);
    }
  }

  /** @param {File} file */
  function shownRow(file) {
    const row = blank(document, "upload");
    required(row, "[data-slot=name]").textContent = file.name;
    required(row, "[data-slot=state]").textContent = format(gettext("{size} MB, waiting"), { size: megabytes(file.size) });
    required(row, "progress").setAttribute("aria-label", file.name);
    required(row, "button").setAttribute("aria-label", format(gettext("Cancel {name}"), { name: file.name }));
    required(row, "button").addEventListener("click", () => row.toggleAttribute("data-cancelled", true));
    list.append(row);
    list.hidden = false;
    return row;
  }

  /**
   * @param {File} file
   * @param {HTMLElement} row
   */
  async function send(file, row) {
    const state = required(row, "[data-slot=state]");
    const bar = /** @type {HTMLProgressElement} */ (required(row, "progress"));
    if (row.hasAttribute("data-cancelled")) return drop(row);
    const upload = new Upload(file, {
      token,
      pieceBytes,
      onProgress(sent, isWaiting) {
        if (isWaiting) return void (state.textContent = gettext("The connection is lost. Trying again …"));
        bar.value = (sent / file.size) * 100;
        state.textContent = format(gettext("{sent} of {size} MB sent"), { sent: megabytes(sent), size: megabytes(file.size) });
      },
    });
    required(row, "button").addEventListener("click", () => upload.cancel());
    try {
      await upload.send(await uploads());
      drop(required(row, "button"));
    } catch (error) {
      if (row.hasAttribute("data-cancelled")) return drop(row);
      refused += 1;
      bar.remove();
      state.textContent = error instanceof Refused ? error.message : gettext("This file could not be sent. Choose it again.");
      state.toggleAttribute("data-problem", true);
    }
  }

  /** Removes a row, or its button. A focus inside it goes to the choice of files. @param {HTMLElement} part */
  function drop(part) {
    keepFocus(() => part.remove(), () => files);
  }

  /** The address that takes new files. The first file makes the draft, with what is typed so far. */
  async function uploads() {
    if (!form.hasAttribute("data-has-draft")) {
      const answer = await fetch(form.action, { method: "POST", body: typed() });
      if (!/\/new\/[0-9a-f-]{36}\/$/.test(new URL(answer.url).pathname)) throw new Refused(gettext("The site did not take this. Load the page again."));
      form.action = answer.url;
      form.toggleAttribute("data-has-draft", true);
    }
    return new URL("uploads/", form.action).href;
  }

  /** What is typed, without the pasted words, which would be kept twice, and without files. */
  function typed() {
    const data = new FormData(form);
    for (const name of ["words", "files", "avatar"]) data.delete(name);
    data.set("then", "keep");
    return data;
  }

  /** After each file; the last one sends the form, unless there is a refusal to be read. */
  function finish() {
    waiting -= 1;
    if (waiting) return;
    if (!list.childElementCount) {
      list.hidden = true;
      say(""); // all were cancelled
      if (pressed) form.requestSubmit(pressed);
      return;
    }
    if (refused) {
      refused = 0;
      return say(gettext("Some files were not taken. The others are kept. Choose more files, or go on."), true);
    }
    const keep = /** @type {HTMLElement} */ (required(form, "button[name=then][value=keep]:not(.visually-hidden)"));
    form.requestSubmit(pressed ?? keep);
  }

  /** @param {number} bytes */
  function megabytes(bytes) {
    return (bytes / 1024 ** 2).toFixed(1);
  }

  /**
   * @param {string} text
   * @param {boolean} isProblem
   */
  function say(text, isProblem = false) {
    status.textContent = text;
    status.hidden = !text;
    status.toggleAttribute("data-problem", isProblem);
  }
}

document.querySelectorAll("form[data-upload]").forEach((form) => attach(/** @type {HTMLFormElement} */ (form)));
