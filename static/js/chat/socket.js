// @ts-check
// The conversation's websocket. It reconnects by itself and resumes after the last frame that it received.

/** @typedef {import("./protocol.d.ts").ClientFrame} ClientFrame */
/** @typedef {import("./protocol.d.ts").ServerFrame & {offset?: string}} ServerFrame */
/** @typedef {"connecting" | "open" | "waiting" | "crowded" | "signed-out" | "deleted"} State */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const PING_EVERY_MS = 25_000; // under the 60 s after which common proxies drop a silent connection
const PONG_WITHIN_MS = 10_000;
const NOT_SIGNED_IN = 4401;
const NOT_FOUND = 4404;
const TOO_MANY = 4429;

export class Connection {
  /**
   * @param {string} address
   * @param {string} offset where to resume from
   * @param {(frame: ServerFrame) => void} onFrame
   * @param {(state: State, retryInMs: number) => void} onState
   * @param {() => boolean} isInUse whether the person is reading or typing here
   */
  constructor(address, offset, onFrame, onState, isInUse) {
    this.address = address;
    this.offset = offset;
    this.onFrame = onFrame;
    this.onState = onState;
    this.isInUse = isInUse;
    this.failures = 0;
    this.hasOpened = false;
    this.isSiteThere = false; // only asked for where no socket has opened
    this.isSignedOut = false;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.retryTimer = 0;
    this.pingTimer = 0;
    this.pongTimer = 0;
    addEventListener("online", () => this.retryNow());
    addEventListener("pageshow", () => this.retryNow());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.retryNow());
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Whether websockets do not get through, although the site answers. The page then uses plain forms. */
  get isBarred() {
    return !this.hasOpened && this.isSiteThere && navigator.onLine;
  }

  /** A kept copy of the page opens also where the site cannot be reached, and a browser may be online there. */
  async lookForSite() {
    this.isSiteThere = await fetch("/healthz", { cache: "no-store" }).then((answer) => answer.ok, () => false);
  }

  open() {
    clearTimeout(this.retryTimer);
    this.retryTimer = 0;
    this.isSignedOut = false;
    this.onState("connecting", 0);
    const socket = new WebSocket(`${this.address}?after=${encodeURIComponent(this.offset)}`);
    this.socket = socket;
    socket.addEventListener("open", () => this.opened());
    socket.addEventListener("message", (event) => socket === this.socket && this.received(event.data));
    socket.addEventListener("close", (event) => socket === this.socket && this.closed(event.code));
  }

  /** Sends a frame now. Returns false if there is no connection. @param {ClientFrame} frame */
  send(frame) {
    if (!this.isOpen) return false;
    this.socket?.send(JSON.stringify(frame));
    return true;
  }

  /** Reconnects at once, also after the session ended: the person may have signed in again in another tab. */
  retryNow() {
    if (this.retryTimer || this.isSignedOut) this.open();
  }

  /** Ends the connection, because the session has ended. */
  signOut() {
    const open = this.socket;
    this.socket = null;
    open?.close();
    this.closed(NOT_SIGNED_IN);
  }

  opened() {
    this.failures = 0;
    this.hasOpened = true;
    this.onState("open", 0);
    this.pingTimer = setInterval(() => this.ping(), PING_EVERY_MS);
  }

  /** @param {string} data */
  received(data) {
    clearTimeout(this.pongTimer);
    /** @type {ServerFrame} */
    const frame = JSON.parse(data);
    if (frame.type !== "pong") this.onFrame(frame);
    // Set after the frame was shown, so that a frame that could not be shown comes again.
    if (frame.offset) this.offset = frame.offset;
  }

  ping() {
    clearTimeout(this.pongTimer);
    if (this.send({ type: "ping", in_use: this.isInUse() })) this.pongTimer = setTimeout(() => this.giveUp(), PONG_WITHIN_MS);
  }

  /** Drops a socket that does not answer, because it may take minutes to close. */
  giveUp() {
    const silent = this.socket;
    this.socket = null;
    silent?.close();
    this.closed(1006);
  }

  /** @param {number} code */
  closed(code) {
    clearInterval(this.pingTimer);
    clearTimeout(this.pongTimer);
    if (code === NOT_SIGNED_IN || code === NOT_FOUND) {
      clearTimeout(this.retryTimer);
      this.retryTimer = 0;
      this.isSignedOut = code === NOT_SIGNED_IN;
      this.onState(this.isSignedOut ? "signed-out" : "deleted", 0);
      return;
    }
    const most = code === TOO_MANY ? LONGEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures);
    const wait = most / 2 + (Math.random() * most) / 2; // random, so that a thousand tabs do not reconnect at once
    this.failures += 1;
    if (!this.hasOpened && this.failures >= 3) this.lookForSite();
    this.retryTimer = setTimeout(() => this.open(), wait);
    this.onState(code === TOO_MANY ? "crowded" : "waiting", wait);
  }
}
