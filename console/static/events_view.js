// The events of the chat, turn by turn.

import { arrange, clock, el } from "./elements.js";
import { outcome, words } from "./event_words.js";
import { _, language, written } from "./words.js";

const TITLES = { turn: _("Turn"), message: _("Message"), order: _("Order"), event: _("Event") };
const WRONG = new Set(["turn_failed", "failed", "in_doubt", "parked"]);

export class EventsView {
  constructor(root) {
    this.list = root.querySelector("#turns");
    this.nothing = root.querySelector("#nothing");
    this.open = new Set();
    this.clear();
  }

  clear() {
    this.elements = new Map();
    this.list.replaceChildren();
    this.nothing.hidden = false;
  }

  /** Bring the list up to the conversation. It stays at its end if it was there. */
  show(conversation) {
    if (conversation.changedGroups.size === 0) return;
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 60;
    for (const key of conversation.changedGroups) {
      const group = conversation.groups.get(key);
      const old = this.elements.get(key);
      if (!group) this.elements.delete(key);
      else {
        const fresh = this.card(group);
        this.elements.set(key, fresh);
        old?.replaceWith(fresh);
      }
    }
    conversation.changedGroups.clear();
    const groups = [...conversation.groups.values()].sort((one, other) => one.events[0].seq - other.events[0].seq);
    arrange(this.list, groups.map((group) => this.elements.get(group.key)));
    this.nothing.hidden = groups.length > 0;
    if (atEnd) this.list.scrollTop = this.list.scrollHeight;
  }

  card(group) {
    const first = group.events[0];
    return el(
      "li",
      { class: "turn", "data-state": group.state },
      el(
        "header",
        {},
        el("h3", {}, TITLES[group.kind]),
        group.kind === "turn" ? el("code", {}, group.key.slice(2)) : null,
        group.state ? el("span", { class: "outcome" }, outcome(group)) : null,
      ),
      el("ol", {}, ...group.events.map((event) => this.row(event, first))),
    );
  }

  row(event, first) {
    const wrong = WRONG.has(event.type) || WRONG.has(event.payload.state);
    const details = el(
      "details",
      { "data-side": event.side, "data-type": event.type, "data-wrong": wrong },
      el(
        "summary",
        {},
        el("time", { datetime: event.at.toISOString(), title: event.at.toLocaleString(language) }, clock(event.at, true)),
        el("span", { class: "words" }, words(event), excerpt(event)),
        el("span", { class: "since" }, event === first ? "" : `+${written((event.at - first.at) / 1000, 2)}`),
      ),
    );
    const fill = () => {
      if (details.open && details.children.length === 1) details.append(payload(event));
      if (details.open) this.open.add(event.seq);
      else this.open.delete(event.seq);
    };
    details.addEventListener("toggle", fill);
    if (this.open.has(event.seq)) details.open = true;
    return el("li", {}, details);
  }
}

function excerpt({ known, type, payload, detail }) {
  if (!known) return null;
  const text = type === "in" || type === "reply" || type === "control" ? payload.text : type === "turn_failed" ? detail : null;
  return text ? el("q", { dir: "auto" }, text.length > 90 ? `${text.slice(0, 90)}…` : text) : null;
}

function payload(event) {
  return el(
    "div",
    { class: "payload" },
    el("p", {}, el("code", {}, `${event.side}.${event.type}`), ` · ${_("event %(number)s", { number: event.seq })}`, event.msg_id ? ` · ${event.msg_id}` : null),
    el("pre", { tabindex: "0" }, JSON.stringify(event.payload, null, 2)),
  );
}
