// @ts-check
// Sends one file in pieces by tus 1.0.0. After a lost connection it asks how much has arrived, and goes on from there.

import { format, gettext } from "../shared/words.js";

const VERSION = "1.0.0";
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/** The server refuses the file; another attempt would be refused too. */
export class Refused extends Error {}

export class Upload {
  /**
   * @param {File} file
   * @param {{ token: string, pieceBytes: number, onProgress: (sent: number, isWaiting: boolean) => void }} options
   */
  constructor(file, options) {
    this.file = file;
    this.options = options;
    this.address = "";
    this.stop = new AbortController();
  }

  /** Sends the whole file. Throws Refused, or an AbortError after `cancel`. @param {string} uploads the address that takes new files */
  async send(uploads) {
    let offset = await this.again(() => this.begin(uploads));
    while (offset < this.file.size) {
      this.options.onProgress(offset, false);
      const start = offset;
      offset = await this.again(async (isFirst) => this.piece(isFirst ? start : await this.arrived()));
    }
    this.options.onProgress(offset, false);
  }

  /** Ends the upload and removes what has arrived. */
  async cancel() {
    this.stop.abort();
    if (!this.address) return;
    await fetch(this.address, { method: "DELETE", headers: this.headers() }).catch(() => null); // the page still lists it
  }

  /** Announces the file. The server finds an unfinished one by itself. @param {string} uploads */
  begin(uploads) {
    const about = { filename: this.file.name, modified: String(this.file.lastModified) };
    return this.request(uploads, "POST", {
      "Upload-Length": String(this.file.size),
      "Upload-Metadata": Object.entries(about).map(([key, value]) => `${key} ${base64(value)}`).join(","),
    });
  }

  arrived() {
    return this.request(this.address, "HEAD", {});
  }

  /** @param {number} offset */
  piece(offset) {
    if (offset >= this.file.size) return offset;
    const body = this.file.slice(offset, offset + this.options.pieceBytes);
    const headers = { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    return this.request(this.address, "PATCH", headers, body);
  }

  /**
   * Makes an attempt until one succeeds. Throws Refused.
   * @param {(isFirst: boolean) => number | Promise<number>} attempt gives the offset that the server has reached
   */
  async again(attempt) {
    for (let pause = 0; ; pause = Math.min(LONGEST_PAUSE_MS, 2 * pause || FIRST_PAUSE_MS)) {
      this.stop.signal.throwIfAborted();
      if (pause) {
        this.options.onProgress(0, true);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
      try {
        return await attempt(!pause);
      } catch (error) {
        if (error instanceof Refused || this.stop.signal.aborted) throw error;
      }
    }
  }

  /**
   * Gives the offset that the server has reached. Throws Refused, and another error if a later attempt may succeed.
   * @param {string} address
   * @param {string} method
   * @param {Record<string, string>} headers
   * @param {Blob} [body]
   */
  async request(address, method, headers, body) {
    const answer = await fetch(address, { method, body, headers: this.headers(headers), signal: this.stop.signal });
    if (answer.status === 409 || answer.status === 423 || answer.status >= 500) throw new Error(String(answer.status));
    const offset = answer.headers.get("Upload-Offset");
    if (!answer.ok || offset === null) throw new Refused(await reason(answer));
    this.address = answer.headers.get("Location") ?? this.address;
    return Number(offset);
  }

  /** @param {Record<string, string>} [more] */
  headers(more) {
    return { "Tus-Resumable": VERSION, "X-CSRFToken": this.options.token, ...more };
  }
}

/** @param {Response} answer */
async function reason(answer) {
  if (answer.redirected) return gettext("You are no longer signed in. Open this page again in another tab and sign in.");
  const isSentence = answer.headers.get("Content-Type")?.startsWith("text/plain");
  const text = isSentence ? await answer.text() : "";
  return text.trim() || format(gettext("The site refused this file ({status})."), { status: answer.status });
}

/** @param {string} text */
function base64(text) {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}
