// @ts-check
// Connects the parts of the conversation page, and keeps its state while it is open.

import { Announcer } from "../shared/announce.js";
import { required } from "../shared/dom.js";
import { keyOf, whenSignedOut } from "../shared/drafts.js";
import { keepFocus } from "../shared/focus.js";
import { Composer } from "./composer.js";
import { ConnectionLine } from "./connection_line.js";
import { showDeleted } from "./deletion.js";
import { EarlierMessages } from "./earlier_messages.js";
import { Keeping } from "./keeping.js";
import { LineDraft } from "./line_draft.js";
import { inWords } from "./notices.js";
import { News } from "./news.js";
import { Outbox } from "./outbox.js";
import { Reloading } from "./reloading.js";
import { Scrolling } from "./scrolling.js";
import { Sending } from "./sending.js";
import { Connection } from "./socket.js";
import { Thread } from "./thread.js";
import { entitle } from "./title.js";
import { Use } from "./use.js";
import { frameOf } from "./verbs.js";
import { Waits } from "./waits.js";
import { copy, quote } from "./words.js";
import { gettext } from "../shared/words.js";

/** @typedef {import("./protocol.d.ts").ClientFrame} ClientFrame */
/** @typedef {import("./socket.js").ServerFrame} ServerFrame */

const page = required(document, "[data-conversation]");
const { conversation: conversationId = "", threadUrl = "" } = page.dataset;
const { account = "" } = document.body.dataset;
const thread = new Thread(page);
/** @type {Set<string>} replies that no frame has announced; the thread is loaded once for each */
const unannounced = new Set();
const announcer = new Announcer(required(document, "[data-announcer]"));
const waits = new Waits(announcer);
const scrolling = new Scrolling(required(page, "[data-newest]"), page);
const earlierMessages = new EarlierMessages(thread, threadUrl);
const use = new Use();
const keeping = new Keeping(account);
const connectionLine = new ConnectionLine(required(page, "[data-connection]"), page.dataset.signInUrl ?? "");
const form = /** @type {HTMLFormElement | null} */ (page.querySelector("[data-composer]"));
const composer = form && new Composer(form, keyOf(account, conversationId), (draft) => {
  sending.add(draft);
  scrolling.toEnd();
});
const outbox = new Outbox(keyOf(account, `${conversationId}:outbox`), () => sending.next());
const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/conversations/${conversationId}/`;
const connection = new Connection(address, thread.list.dataset.offset ?? "0-0", received, connectionChanged, () => use.isNow);
const lineDraft = composer && new LineDraft(composer, (frame) => connection.send(frame));
const sending = new Sending(outbox, thread, connection, composer);
const reloading = new Reloading(thread, scrolling, threadUrl, reloaded, () => {
  composer?.say(gettext("The conversation could not be loaded again. Reload the page to see it as it is."), "alarm");
});
const news = new News(page, keyOf(account, "notify"), () => connection.send({ type: "conversation.seen" }));

function reloaded() {
  earlierMessages.watch();
  sending.again();
}

/** @param {ServerFrame} frame */
function received(frame) {
  const change = () => {
    show(frame);
    sending.next();
  };
  keepFocus(() => scrolling.around(change, frame.type !== "error"), (lost) => thread.near(lost));
  composer?.replying(Boolean(thread.unfinished));
}

/** @param {ServerFrame} frame */
function show(frame) {
  // The frame that announces a reply is lost where Redis is lost at that moment.
  if ("reply_id" in frame && frame.type !== "reply.queued" && !thread.replies.has(frame.reply_id) && !unannounced.has(frame.reply_id)) {
    unannounced.add(frame.reply_id);
    reloading.load();
  }
  switch (frame.type) {
    case "message.accepted":
      sending.accepted(frame);
      if (frame.title) entitle(frame.title);
      if (!thread.accept(frame.message)) reloading.load();
      return;
    case "reply.queued":
      sending.isReplyDue = false;
      if (!thread.queue(frame)) reloading.load();
      else if (thread.replies.get(frame.reply_id)?.status === "queued") waits.tell(frame);
      return;
    case "reply.started":
      return thread.start(frame);
    case "reply.delta":
      return announcer.stream(thread.extend(frame));
    case "reply.completed":
      return ended(frame.reply_id, "completed", frame.text, "", frame.recalled);
    case "reply.stopped":
      return ended(frame.reply_id, "stopped", frame.text);
    case "reply.blocked":
      announcer.drop();
      return ended(frame.reply_id, "blocked", frame.text, frame.notice);
    case "reply.failed":
      return ended(frame.reply_id, "failed", null, frame.detail);
    case "line.suggested":
    case "line.failed":
      return lineDraft?.received(frame);
    case "notice":
      if (thread.notice(frame)) announcer.say(inWords(frame), frame.language);
      return;
    case "thread.changed":
      reloading.load();
      return;
    case "error":
      // A frame that the server cannot read at all does not say whose it was.
      if (sending.has(frame.client_id ?? (frame.code === "bad_frame" ? sending.inFlight : null))) sending.takeBackAll();
      if (lineDraft?.awaits(frame.client_id)) lineDraft.lineId = "";
      composer?.say(frame.detail, "alarm");
      return;
    case "pong":
    case "conversation.deleted": // the socket's close code also says this, and reaches a tab that was offline
      return;
    default:
      unknown(frame);
  }
}

/** The type checker reports an error here if a frame of the protocol is not handled above. @param {never} frame */
function unknown(frame) {
  throw new Error(`Unknown frame ${JSON.stringify(frame)}`);
}

/** @param {string} replyId @param {string} status @param {string | null} text @param {string} [detail] @param {string} [recalled] */
function ended(replyId, status, text, detail = "", recalled = "") {
  sending.isReplyDue = false;
  thread.end(replyId, status, text, detail, recalled);
  keeping.soon();
  news.came(replyId);
  composer?.say("");
  announcer.finish();
  if (detail) announcer.say(detail);
}

/** @param {import("./socket.js").State} state @param {number} retryInMs */
function connectionChanged(state, retryInMs) {
  if (state === "deleted") return showDeleted(page, unsent());
  sending.inFlight = "";
  if (connection.isBarred) sending.takeBackAll();
  if (state === "open" || state === "signed-out") for (const each of [composer, outbox, keeping]) each?.keep(state === "open");
  sending.next();
  scrolling.around(() => connectionLine.show(state, retryInMs, connection.isBarred), false);
}

/** Everything that was written here and not sent. The browser forgets it. */
function unsent() {
  return [...outbox.takeAll().map((draft) => draft.text), composer?.forget()].filter(Boolean).join("\n\n");
}

/** @param {ClientFrame} frame */
function ask(frame) {
  if (!connection.send(frame)) composer?.say(gettext("There is no connection just now. Try again in a moment."));
}

function stop() {
  lineDraft?.stop();
  const replyId = thread.unfinished;
  if (!replyId) return;
  ask({ type: "reply.stop", reply_id: replyId });
  composer?.say(gettext("Stopping the reply."));
}

page.addEventListener("submit", (event) => {
  const submitted = /** @type {HTMLFormElement} */ (event.target);
  const frame = frameOf(submitted);
  if (connection.isBarred || !(submitted === form || frame)) return;
  // The page has only just loaded: the form itself is sent.
  if (frame && !connection.hasOpened && navigator.onLine) return;
  event.preventDefault();
  if (frame) ask(frame);
  else composer?.submit();
});
page.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  if (target.closest("[data-take-back]")) return sending.takeBack(target);
  const message = /** @type {HTMLElement | null} */ (target.closest(".message"));
  if (message && target.closest("[data-copy]")) return copy(message, announcer);
  if (message && composer && target.closest("[data-quote]")) return quote(message, composer.box);
  if (!target.closest("a, button, summary, textarea")) target.closest(".message")?.toggleAttribute("data-open");
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && event.keyCode !== 229 && !document.querySelector(":popover-open, dialog[open]")) stop();
});
composer?.stopButton.addEventListener("click", stop);
composer?.replying(Boolean(thread.unfinished));
page.toggleAttribute("data-live", true);
whenSignedOut(() => connection.signOut());
scrolling.begin();
connection.open();
