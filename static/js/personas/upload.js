// @ts-check
// Lists the chosen files, refuses files that the server would refuse, and shows the progress of an upload.
// Without this module, the form works as a plain form.

import { watch } from "../shared/progress.js";

/** @param {HTMLFormElement} form */
function attach(form) {
  const files = /** @type {HTMLInputElement} */ (form.elements.namedItem("files"));
  const status = /** @type {HTMLElement} */ (form.querySelector("[data-upload-status]"));
  const progress = /** @type {HTMLProgressElement} */ (form.querySelector("[data-upload-progress]"));
  const mostBytes = Number(form.dataset.mostBytes) * 1024 ** 2;
  const mostFiles = Number(form.dataset.mostFiles);

  files.addEventListener("change", () => {
    const problem = problemWith([...(files.files ?? [])]);
    files.setCustomValidity(problem);
    say(problem || listing([...(files.files ?? [])]), Boolean(problem));
  });

  form.addEventListener("submit", (event) => {
    if (!files.files?.length) return;
    event.preventDefault();
    if (files.validationMessage) return files.focus();
    send(/** @type {SubmitEvent} */ (event).submitter);
  });

  /** @param {File[]} list */
  function problemWith(list) {
    if (list.length > mostFiles) return `You chose ${list.length} files; the limit is ${mostFiles}. Choose fewer.`;
    const large = list.find((file) => file.size > mostBytes);
    if (!large) return "";
    return `${large.name} has ${megabytes(large.size)} MB; the limit is ${megabytes(mostBytes)} MB. Choose a smaller file.`;
  }

  /** @param {File[]} list */
  function listing(list) {
    const total = list.reduce((sum, file) => sum + file.size, 0);
    return list.length ? `${list.map((file) => file.name).join(", ")} (${megabytes(total)} MB)` : "";
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

  /** @param {HTMLElement | null} submitter */
  function send(submitter) {
    const request = new XMLHttpRequest(); // fetch cannot tell how much of an upload is sent
    request.open("POST", form.action);
    request.responseType = "document";
    request.upload.addEventListener("progress", (event) => {
      progress.hidden = false;
      progress.value = (event.loaded / event.total) * 100;
      say(progress.value < 100 ? `${Math.round(progress.value)} % sent` : "Sent. Waiting for the site …");
    });
    request.addEventListener("load", () => arrive(request));
    request.addEventListener("error", () => fail());
    say("Sending …");
    request.send(new FormData(form, submitter));
  }

  /** @param {XMLHttpRequest} request */
  function arrive(request) {
    const page = request.responseXML;
    if (request.status >= 500 || !page?.querySelector("main")) return fail();
    history.pushState(null, "", request.responseURL);
    window.addEventListener("popstate", () => location.reload(), { once: true });
    document.title = page.title;
    document.body.replaceWith(document.adoptNode(page.body));
    loadStyles(page);
    watch();
    document.querySelectorAll("form[data-upload]").forEach((next) => attach(/** @type {HTMLFormElement} */ (next)));
    const start = document.querySelector("[role=alert], .site-messages, main");
    if (start instanceof HTMLElement) start.scrollIntoView();
    document.getElementById("main")?.focus({ preventScroll: true });
  }

  function fail() {
    progress.hidden = true;
    say("The upload did not arrive. What you typed is still here. Try again.", true);
  }
}

/** @param {Document} page */
function loadStyles(page) {
  const present = new Set([...document.querySelectorAll("link[rel=stylesheet]")].map((link) => link.getAttribute("href")));
  for (const link of page.querySelectorAll("link[rel=stylesheet]")) {
    if (!present.has(link.getAttribute("href"))) document.head.append(document.adoptNode(link));
  }
}

document.querySelectorAll("form[data-upload]").forEach((form) => attach(/** @type {HTMLFormElement} */ (form)));
