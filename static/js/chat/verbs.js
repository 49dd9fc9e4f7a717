// @ts-check
// The small forms of a message as frames: the websocket sends what a form would post.

/** @typedef {import("./protocol.d.ts").ClientFrame} ClientFrame */

/**
 * The frame for a form of a message, or undefined for any other form.
 * @param {HTMLFormElement} form
 * @returns {ClientFrame | undefined}
 */
export function frameOf(form) {
  const message = /** @type {HTMLElement | null} */ (form.closest("[data-message]"));
  const { reply: reply_id = "", message: message_id = "" } = message?.dataset ?? {};
  switch (form.dataset.action) {
    case "stop":
      return { type: "reply.stop", reply_id };
    case "regenerate":
      return { type: "reply.regenerate", reply_id };
    case "continue":
      return { type: "reply.continue", reply_id };
    case "ask":
      return { type: "reply.ask", persona_id: form.dataset.persona ?? "" };
    case "select":
      return { type: "branch.select", message_id: form.dataset.target ?? "" };
    case "edit":
      return { type: "message.edit", message_id, text: String(new FormData(form).get("text")).trim() };
    default:
      return undefined;
  }
}
