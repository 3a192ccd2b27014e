// What is known of one chat, folded from its history and its events. No DOM, no network: the same events in, the same
// conversation out. Events come in log order, each once; the history may be read before, between or again.

const TICKS = ["sending", "stored", "logged", "taken"];
const RECEIPTS = ["sending", "in_doubt", "parked", "accepted", "sent", "failed", "delivered", "read"];

// What a receipt says of the whole reply, as chat/receipts.py has it: the last part's state is the whole's.
const ofWhole = (receipt) =>
  receipt.template ? "failed" : (receipt.part ?? 0) < (receipt.parts ?? 0) && RECEIPTS.indexOf(receipt.state) > 2 && receipt.state !== "failed" ? "sending" : receipt.state;

const whole = (id) => (id ?? "").replace(/#[0-9]+$/, "");

const further = (order, one, other) => (order.indexOf(other) > order.indexOf(one) ? other : one);

export class Conversation {
  constructor(chat) {
    this.chat = chat;
    this.lines = new Map(); // id → what the chat shows: a message, a reply or a note
    this.groups = new Map(); // key → the events of one turn, in order
    this.groupOf = new Map(); // id of a message, turn, reply or control → key of its group
    this.turn = null; // the turn that runs
    this.seq = 0; // the last event
    this.reactions = new Map(); // id of a message or a reply → what we reacted with, and where in the log
    this.referring = new Map(); // id of a message or a reply → the lines that quote it or react to it
    this.changedLines = new Set();
    this.changedGroups = new Set();
  }

  /** Messages and replies as the history has them; `bubbles` has the messages of replies with parts, by their ids. */
  addHistory(entries, bubbles = {}) {
    for (const entry of entries) {
      const line = this.line(entry.id, entry.author, { ...entry, quoted: entry.quoted ?? entry.quote, bubbles: bubbles[entry.id] });
      line.turn = entry.turn ?? line.turn;
      line.repeats = Math.max(line.repeats, entry.repeats ?? 0);
      line.edited = entry.edited ?? line.edited;
      line.revoked = Boolean(entry.revoked_at) || line.revoked;
      if (entry.author === "person") {
        line.tick = further(TICKS, line.tick, entry.turn ? "taken" : "logged");
        if (entry.ending && entry.ending !== "reply") line.ended = { how: entry.ending, reason: entry.reason };
      } else {
        line.model = entry.model;
        line.receipt = further(RECEIPTS, line.receipt, entry.receipt);
      }
    }
  }

  /** A message that was typed here and is on its way, or did not arrive; `why` says what went wrong. */
  addTyped({ id, text, at, tap }, why = null) {
    const line = this.line(id, "person", { text, at, quoted: tap?.quoted, choice: tap, kind: tap ? "button" : undefined });
    line.unsent = line.seq === null ? why : null;
    return line;
  }

  /** The log has the typed message. */
  stored(id) {
    const line = this.lines.get(id);
    line.unsent = null;
    line.tick = further(TICKS, line.tick, "stored");
    this.changedLines.add(id);
  }

  /** Forget a typed message that never arrived. */
  discard(id) {
    const line = this.lines.get(id);
    if (line?.seq === null) this.lines.delete(id);
    this.changedLines.add(id);
    if (line?.quoted) this.changedLines.add(this.said(line.quoted)?.id ?? id);
  }

  /** The line of a message or a reply: `<reply>#<part>` is one message of a reply. */
  said(id) {
    return this.lines.get(id) ?? this.lines.get(whole(id));
  }

  /** The ids of the choices that the person made of a question of the reply `id`. */
  tapped(id) {
    const taps = [...(this.referring.get(id) ?? [])].map((line) => this.lines.get(line)?.choice?.id);
    return new Set(taps.filter((choice) => choice !== undefined && choice !== null));
  }

  /** The replies that a person who looks at the chat now sees for the first time. */
  unseenReplies() {
    const arrived = new Set(["accepted", "sent", "delivered"]);
    return [...this.lines.values()].filter((line) => arrived.has(line.receipt)).map((line) => line.id);
  }

  /** Take in the next event of the stream. */
  fold(event) {
    if (event.seq <= this.seq) return;
    this.seq = event.seq;
    event.at = new Date(event.at);
    const payload = event.payload;
    const fold = event.known ? FOLDS[event.type] : event.side === "i" ? FOLDS.unreadable : null;
    let key = `e:${event.seq}`;
    try {
      if (fold && payload.reason !== "unshown") key = fold(this, payload, event);
      else if (payload.reason === "unshown") this.note(event, "unshown");
    } catch (error) {
      console.error(`event ${event.seq} cannot be shown`, error);
      this.note(event, "unshown");
    }
    this.group(key, event);
  }

  line(id, author, { seq = null, text, at, name, kind, detail, quoted, choice, bubbles }) {
    let line = this.lines.get(id);
    if (!line) {
      line = { id, seq: null, author, text, at: new Date(at), name, kind, tick: "sending", unsent: null, receipt: null, repeats: 0, again: new Set() };
      this.lines.set(id, line);
      for (const other of this.referring.get(id) ?? []) this.changedLines.add(other);
    }
    if (seq !== null && line.seq === null) Object.assign(line, { seq, text, at: new Date(at), name, kind, detail, unsent: null });
    if (quoted) this.refer(line, (line.quoted = quoted));
    if (choice) line.choice = choice;
    if (bubbles?.length) line.bubbles = bubbles;
    for (const { part } of bubbles ?? []) if (part.kind === "reaction") this.react(line, part);
    this.changedLines.add(id);
    return line;
  }

  /** Note that a line says something of another one. */
  refer(line, to) {
    for (const id of new Set([to, whole(to)])) {
      if (!this.referring.has(id)) this.referring.set(id, new Set());
      this.referring.get(id).add(line.id);
    }
    const other = this.said(to);
    if (other) this.changedLines.add(other.id);
  }

  /** The last reaction to a message counts; an empty one takes it back. */
  react(line, { to, emoji }) {
    if ((this.reactions.get(to)?.seq ?? 0) <= (line.seq ?? 0)) this.reactions.set(to, { emoji, seq: line.seq ?? 0 });
    this.refer(line, to);
  }

  note(event, kind) {
    this.line(`note:${event.seq}`, "note", { seq: event.seq, kind, at: event.at });
  }

  change(ids, change) {
    for (const id of ids) {
      const line = this.lines.get(id);
      if (!line) continue;
      change(line);
      this.changedLines.add(id);
    }
  }

  /** The group of the first of these ids that has one; all of them belong to it from now on. */
  together(ids, fallback) {
    const key = ids.map((id) => this.groupOf.get(id)).find(Boolean) ?? fallback;
    for (const id of ids) this.groupOf.set(id, key);
    return key;
  }

  /** Make the group of a turn out of those of its messages. */
  join(ids, key) {
    const joined = { key, kind: "turn", events: [], state: "running", ended: null };
    for (const id of ids) {
      const old = this.groups.get(this.groupOf.get(id));
      this.groupOf.set(id, key);
      if (!old || old.kind === "turn") continue;
      joined.events.push(...old.events);
      this.groups.delete(old.key);
      this.changedGroups.add(old.key);
    }
    joined.events.sort((one, other) => one.seq - other.seq);
    this.groups.set(key, joined);
  }

  group(key, event) {
    let group = this.groups.get(key);
    if (!group) {
      group = { key, kind: key[0] === "c" ? "order" : key[0] === "m" ? "message" : "event", events: [], state: null, ended: null };
      this.groups.set(key, group);
    }
    group.events.push(event);
    this.changedGroups.add(key);
  }

  end(key, state, at) {
    const group = this.groups.get(key);
    if (group && group.ended === null) Object.assign(group, { state, ended: at });
  }

  turnEnds(ids, turn) {
    const open = this.turn && this.turn.messages.every((id) => ids.includes(id));
    if (open || (this.turn && this.turn.id === turn)) this.turn = null;
  }
}

const FOLDS = {
  in(chat, message, event) {
    const known = chat.lines.get(message.id);
    if (event.repeat || (known && known.seq !== null && known.seq !== event.seq)) {
      event.repeat = true;
      chat.change([message.id], (line) => (line.repeats = Math.max(line.repeats, line.again.add(event.seq).size)));
    } else {
      const line = chat.line(message.id, "person", { ...message, seq: event.seq, at: event.at });
      line.tick = further(TICKS, line.tick, "logged");
    }
    return chat.together([message.id], `m:${message.id}`);
  },
  unreadable(chat, bytes, event) {
    const id = `seq:${event.seq}`;
    const line = chat.line(id, "person", { seq: event.seq, text: null, at: event.at, kind: "unreadable", detail: bytes.detail });
    line.tick = "logged";
    return chat.together([id], `m:${id}`);
  },
  edit(chat, edit) {
    chat.change([edit.of], (line) => (line.edited = edit.text));
    return chat.together([edit.of], `m:${edit.of}`);
  },
  revoke(chat, revoke) {
    chat.change([revoke.of], (line) => (line.revoked = true));
    for (const group of chat.groups.values()) {
      for (const event of group.events) {
        const isOf = (event.type === "in" && event.payload.id === revoke.of) || (event.type === "edit" && event.payload.of === revoke.of);
        if (isOf) event.payload = { ...event.payload, text: null, media: null };
        if (isOf) chat.changedGroups.add(group.key);
      }
    }
    return chat.together([revoke.of], `m:${revoke.of}`);
  },
  control: (chat, control) => chat.together([control.id], `c:${control.id}`),
  receipt(chat, receipt) {
    chat.change([receipt.reply], (line) => (line.receipt = further(RECEIPTS, line.receipt, ofWhole(receipt))));
    return chat.together([receipt.reply], `r:${receipt.reply}`);
  },
  turn_started(chat, turn) {
    const key = `t:${turn.turn}`;
    chat.turn = { id: turn.turn, messages: turn.messages };
    chat.change(turn.messages, (line) => {
      line.tick = "taken";
      line.turn = turn.turn;
      line.ended = null;
    });
    chat.join([...turn.messages, ...(turn.cause ? [turn.cause] : [])], key);
    chat.groupOf.set(turn.turn, key);
    return key;
  },
  turn_adopted: (chat, turn) => chat.together([turn.turn], `t:${turn.turn}`),
  media_read(chat, read) {
    chat.change([read.message], (line) => (line.heard = read.text ?? null));
    return chat.together([read.turn], `t:${read.turn}`);
  },
  run_started: (chat, run) => chat.together([run.turn], `t:${run.turn}`),
  tool_called: (chat, call) => chat.together([call.turn], `t:${call.turn}`),
  tool_returned: (chat, call) => chat.together([call.turn], `t:${call.turn}`),
  thread_created: (chat, thread, event) => (chat.turn ? `t:${chat.turn.id}` : `e:${event.seq}`),
  reply(chat, reply, event) {
    const line = chat.line(reply.id, reply.author, { ...reply, quoted: reply.quote, bubbles: event.bubbles, seq: event.seq, at: event.at });
    line.turn = reply.turn;
    line.model = reply.model;
    chat.turnEnds(reply.in_reply_to, reply.turn);
    const ids = [reply.turn, reply.about, reply.cause, ...reply.in_reply_to].filter(Boolean);
    const key = chat.together(ids, `r:${reply.id}`);
    chat.groupOf.set(reply.id, key);
    if (reply.author !== "system") chat.end(key, "replied", event.at);
    return key;
  },
  turn_failed(chat, failed, event) {
    chat.change(failed.messages, (line) => (line.ended = { how: "turn_failed", reason: failed.error.class }));
    chat.turnEnds(failed.messages, failed.turn);
    const key = chat.together([failed.turn], `t:${failed.turn}`);
    chat.end(key, "failed", event.at);
    return key;
  },
  ignored(chat, ignored, event) {
    chat.change(ignored.messages, (line) => (line.ended = { how: "ignored", reason: ignored.reason }));
    chat.turnEnds(ignored.messages, null);
    const key = chat.together([...ignored.messages, ...(ignored.cause ? [ignored.cause] : [])], `e:${event.seq}`);
    chat.end(key, "ignored", event.at);
    return key;
  },
  paused: (chat, paused, event) => noted(chat, paused, event),
  resumed: (chat, resumed, event) => noted(chat, resumed, event),
  reset: (chat, reset, event) => noted(chat, reset, event),
  erased: (chat, erased, event) => noted(chat, erased, event),
};

function noted(chat, decision, event) {
  chat.note(event, event.type);
  return decision.cause ? chat.together([decision.cause], `c:${decision.cause}`) : `e:${event.seq}`;
}
