// @ts-check
// Shows where a line stands on its page, and plays a recording from a line. Without this module, a line's time opens the
// recording at that time.

/** @param {HTMLFormElement} form */
function attach(form) {
  const sound = /** @type {HTMLAudioElement | null} */ (form.querySelector("[data-sound]"));
  const mark = /** @type {HTMLElement | null} */ (form.querySelector("[data-mark]"));

  form.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("[data-moment]") : null;
    if (!sound || !(link instanceof HTMLElement)) return;
    event.preventDefault();
    sound.currentTime = Number(link.dataset.moment);
    void sound.play();
  });

  form.addEventListener("focusin", (event) => {
    if (!mark || !(event.target instanceof HTMLTextAreaElement)) return;
    mark.hidden = false;
    mark.style.insetBlockStart = `${Number(event.target.dataset.start) * 100}%`;
  });
}

document.querySelectorAll("form[data-transcript]").forEach((form) => attach(/** @type {HTMLFormElement} */ (form)));
