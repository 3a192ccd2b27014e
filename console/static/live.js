// The open chat's stream. It comes back by itself, and goes on behind the last event that was seen.

import { openStream } from "./whose.js";

const AGAIN = 3000;

export class Live {
  /** `on` has `event`, `news`, `status`, `log`, `up`, `down`, and `refused` for where there is no stream to be had now. */
  constructor(on) {
    this.on = on;
    this.source = null;
    this.timer = null;
  }

  /** Follow `chat` behind the sequence that `after()` gives, also when that has grown by the next attempt. */
  follow(chat, after) {
    this.stop();
    const source = openStream(`/api/chats/${encodeURIComponent(chat)}/stream?after=${after()}`);
    this.source = source;
    source.onopen = () => this.on.up();
    source.onerror = () => {
      // The browser tries again by itself, unless it was told no.
      if (source.readyState !== EventSource.CLOSED) this.on.down();
      else if (source === this.source) {
        this.timer = setTimeout(() => this.follow(chat, after), AGAIN);
        this.on.refused();
      }
    };
    for (const name of ["event", "news", "status", "log"]) {
      source.addEventListener(name, (message) => {
        if (source === this.source) this.on[name](JSON.parse(message.data));
      });
    }
  }

  stop() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }
}
