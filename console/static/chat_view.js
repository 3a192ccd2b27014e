// The phone's screen: bubbles, ticks, the typing mark.

import { arrange, clock, day, el, icon } from "./elements.js";
import { ending, receipt } from "./words.js";

const TICK = {
  sending: ["M12 7v5l3 2", "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18"],
  stored: ["m6 12.500 4 4 8-9"],
  logged: ["m2.500 12.500 4 4 8-9", "m11.500 15 1.500 1.500 8-9"],
};
const TICK_MEANS = {
  sending: "on its way",
  stored: "stored",
  logged: "in the log",
  taken: "being answered, or answered",
};

export class ChatView {
  /** `actions` has `retry(id)` and `discard(id)` for messages that were not sent. */
  constructor(root, actions) {
    this.scroll = root.querySelector("#scroll");
    this.lines = root.querySelector("#lines");
    this.typing = root.querySelector("#typing");
    this.doing = root.querySelector("#doing");
    this.actions = actions;
    this.clear();
  }

  clear() {
    this.elements = new Map();
    this.lines.replaceChildren();
    this.typing.hidden = true;
  }

  /** Bring the screen up to the conversation. It stays at its end if it was there. */
  show(conversation) {
    const atEnd = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 60;
    for (const id of conversation.changedLines) {
      const line = conversation.lines.get(id);
      const old = this.elements.get(id);
      if (!line) this.elements.delete(id);
      else {
        const fresh = this.bubble(line);
        this.elements.set(id, fresh);
        old?.replaceWith(fresh);
      }
    }
    conversation.changedLines.clear();
    arrange(this.lines, this.withDays([...conversation.lines.values()].sort(inOrder)));
    this.typing.hidden = conversation.turn === null;
    this.doing.textContent = conversation.turn === null ? "online" : "typing…";
    this.doing.toggleAttribute("data-typing", conversation.turn !== null);
    if (atEnd) this.toEnd();
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  withDays(lines) {
    const elements = [];
    let last = null;
    for (const line of lines) {
      const today = day(line.at);
      if (today !== last) {
        const key = `day:${today}`;
        if (!this.elements.has(key)) this.elements.set(key, el("li", { class: "day" }, today));
        elements.push(this.elements.get(key));
        last = today;
      }
      elements.push(this.elements.get(line.id));
    }
    return elements;
  }

  bubble(line) {
    if (line.author === "note") return el("li", { class: "note" }, line.text);
    const mine = line.author === "person";
    return el(
      "li",
      { class: `line ${mine ? "mine" : "theirs"}`, "data-id": line.id, "data-tick": mine ? (line.unsent ? "unsent" : line.tick) : null, "data-receipt": line.receipt },
      el(
        "div",
        { class: "bubble" },
        line.author === "operator" ? el("span", { class: "author" }, "a person of the team") : null,
        content(line),
        el("span", { class: "meta" }, line.edited ? "edited " : null, el("time", { datetime: line.at.toISOString() }, clock(line.at)), mine && !line.unsent ? tick(line.tick) : null),
      ),
      line.ended ? el("p", { class: "ended" }, ending(line.ended)) : null,
      line.repeats ? el("p", { class: "aside" }, `came ${line.repeats + 1} times`) : null,
      line.unsent ? this.unsent(line) : null,
      !mine && line.receipt ? el("p", { class: "aside" }, receipt(line.receipt)) : null,
    );
  }

  unsent(line) {
    const again = el("button", { type: "button", class: "retry" }, "Try again");
    const discard = el("button", { type: "button" }, "Discard");
    again.addEventListener("click", () => this.actions.retry(line.id));
    discard.addEventListener("click", () => this.actions.discard(line.id));
    return el("p", { class: "unsent" }, `Not sent. ${line.unsent} `, again, " ", discard);
  }
}

function content(line) {
  if (line.revoked) return el("em", {}, "This message was deleted");
  if (line.kind === "unreadable") return el("em", {}, "A message that cannot be read");
  const text = line.edited ?? [line.heard, line.text].filter(Boolean).join("\n");
  const kind = line.kind && line.kind !== "text" ? el("span", { class: "kind" }, line.kind) : null;
  return el("span", { class: "text", dir: "auto" }, kind, text ?? "");
}

function tick(state) {
  const mark = icon(...(TICK[state] ?? TICK.logged));
  const holder = el("span", { class: "tick", "data-tick": state, role: "img", "aria-label": TICK_MEANS[state], title: TICK_MEANS[state] });
  holder.append(mark);
  return holder;
}

const inOrder = (one, other) => (one.seq ?? Infinity) - (other.seq ?? Infinity) || one.at - other.at;
