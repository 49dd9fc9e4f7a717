// @ts-check
// Tells a screen reader when a wait begins and when it is nearly over. The changes in between are only
// visible.

import { gettext } from "../shared/words.js";

/** @typedef {import("./protocol.d.ts").ReplyQueued} ReplyQueued */

export class Waits {
  /** @param {import("../shared/announce.js").Announcer} announcer */
  constructor(announcer) {
    this.announcer = announcer;
    this.replyId = "";
    this.isNext = false;
  }

  /** @param {ReplyQueued} frame */
  tell({ reply_id, position, detail }) {
    if (position > 0 && this.replyId !== reply_id) {
      this.replyId = reply_id;
      this.isNext = false;
      this.announcer.say(`${gettext("Waiting for its turn.")} ${detail}`);
    } else if (position === 0 && this.replyId === reply_id && !this.isNext) {
      this.isNext = true;
      this.announcer.say(gettext("Your reply is next."));
    }
  }
}
