// The phone's screen: bubbles, ticks, the typing mark.

import { nameOf } from "./days.js";
import { arrange, clock, el, icon } from "./elements.js";
import { drawn, wordsOf } from "./parts.js";
import { update } from "./patch.js";
import { ending, kindOf, noteOf, receipt } from "./event_words.js";
import { _, ngettext } from "./words.js";

const TICK = {
  sending: ["M12 7v5l3 2", "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18"],
  stored: ["m6 12.500 4 4 8-9"],
  logged: ["m2.500 12.500 4 4 8-9", "m11.500 15 1.500 1.500 8-9"],
};
const TICK_MEANS = {
  sending: _("on its way"),
  stored: _("stored"),
  logged: _("in the log"),
  taken: _("being answered, or answered"),
};

export class ChatView {
  /** `actions` has `retry(id)` and `discard(id)` for messages that were not sent, and `tap(reply, option, source)`. */
  constructor(root, actions) {
    this.scroll = root.querySelector("#scroll");
    this.lines = root.querySelector("#lines");
    this.typing = root.querySelector("#typing");
    this.doing = root.querySelector("#doing");
    this.actions = actions;
    this.gone = new Set(); // addresses of files that are not there any more
    this.canTap = false;
    // Lines are brought up to date in place, so the list listens for them.
    this.lines.addEventListener("click", (click) => this.clicked(click.target));
    this.lines.addEventListener("error", ({ target }) => this.missing(target), true);
    this.clear();
  }

  clear() {
    this.conversation = null;
    this.elements = new Map();
    this.lines.replaceChildren();
    this.typing.hidden = true;
  }

  /** Bring the screen up to the conversation. It stays at its end if it was there. */
  show(conversation) {
    this.conversation = conversation;
    const atEnd = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 60;
    for (const id of conversation.changedLines) {
      const line = conversation.lines.get(id);
      const old = this.elements.get(id);
      if (!line) this.elements.delete(id);
      else {
        const fresh = this.shown(line);
        if (old) update(old, fresh);
        else this.elements.set(id, fresh);
      }
    }
    conversation.changedLines.clear();
    arrange(this.lines, this.withDays([...conversation.lines.values()].sort(inOrder)));
    this.typing.hidden = conversation.turn === null;
    this.doing.textContent = conversation.turn === null ? _("online") : _("typing…");
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
      const today = nameOf(line.at);
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

  /** The line, or that it cannot be shown: one that breaks stops no other. */
  shown(line) {
    try {
      return this.item(line);
    } catch (error) {
      console.error(`${line.id} cannot be shown`, error);
      return el("li", { class: "note" }, _("A message cannot be shown."));
    }
  }

  item(line) {
    if (line.author === "note") return el("li", { class: "note" }, noteOf(line));
    const mine = line.author === "person";
    const bubbles = mine ? [this.own(line)] : this.theirs(line);
    return el(
      "li",
      { class: `line ${mine ? "mine" : "theirs"}`, "data-id": line.id, "data-tick": mine ? (line.unsent ? "unsent" : line.tick) : null, "data-receipt": line.receipt, hidden: bubbles.length === 0 },
      ...bubbles,
      line.ended ? el("p", { class: "ended" }, ending(line.ended)) : null,
      line.repeats ? el("p", { class: "aside" }, ngettext("came %(num)s time", "came %(num)s times", line.repeats + 1)) : null,
      line.unsent ? unsent(line) : null,
      !mine && line.receipt ? el("p", { class: "aside" }, receipt(line.receipt)) : null,
    );
  }

  own(line) {
    const meta = el("span", { class: "meta" }, line.edited ? `${_("edited")} ` : null, time(line), line.unsent ? null : tick(line.tick));
    return el("div", { class: "bubble" }, this.quote(line), content(line), meta, this.reaction(line.id));
  }

  /** The messages of a reply; none, if it only reacts to a message that is shown. */
  theirs(line) {
    const author = line.author === "operator" ? el("span", { class: "author" }, _("a person of the team")) : null;
    const seen = { tapped: this.conversation.tapped(line.id), gone: this.gone, canTap: this.canTap };
    const shown = (line.bubbles ?? [{ part: { kind: "text", text: line.text } }]).map((bubble, at) => ({ bubble, number: at + 1 }));
    const said = shown.filter(({ bubble: { part } }) => part.kind !== "reaction" || !this.conversation.said(part.to));
    return said.map(({ bubble, number }, at) => {
      const { body, under, wide, bare } = drawn(bubble, seen);
      const reaction = this.reaction(`${line.id}#${number}`) ?? (at === said.length - 1 ? this.reaction(line.id) : null);
      return el(
        "div",
        { class: `bubble${wide ? " wide" : ""}${bare ? " bare" : ""}`, "data-number": String(number) },
        at === 0 ? author : null,
        at === 0 ? this.quote(line) : null,
        ...body,
        el("span", { class: "meta" }, time(line)),
        under,
        reaction,
      );
    });
  }

  /** The message that a line quotes, if it is on the screen. */
  quote(line) {
    const quoted = line.quoted ? this.conversation.said(line.quoted) : null;
    if (!quoted) return null;
    const number = Number(/#([0-9]+)$/.exec(line.quoted)?.[1] ?? 0);
    const bubble = quoted.bubbles?.[number ? number - 1 : quoted.bubbles.length - 1];
    const words = quoted.revoked ? _("This message was deleted") : bubble ? wordsOf(bubble) : textOf(quoted);
    const whose = quoted.author === "person" ? _("You") : document.getElementById("with").textContent;
    return el("blockquote", {}, el("strong", {}, whose), el("span", { dir: "auto" }, words.length > 120 ? `${words.slice(0, 120)}…` : words));
  }

  reaction(id) {
    const emoji = this.conversation.reactions.get(id)?.emoji;
    return emoji ? el("span", { class: "reaction", role: "img", "aria-label": _("Reaction %(emoji)s", { emoji }) }, emoji) : null;
  }

  clicked(target) {
    const id = target.closest(".line")?.dataset.id;
    if (target.closest(".retry")) this.actions.retry(id);
    else if (target.closest(".discard")) this.actions.discard(id);
    const button = target.closest("[data-option]");
    if (!button || button.getAttribute("aria-disabled") === "true") return;
    const { part } = this.conversation.lines.get(id).bubbles[button.closest(".bubble").dataset.number - 1];
    const list = button.closest("details");
    if (list) {
      list.open = false;
      list.querySelector("summary").focus(); // the row that has the focus is hidden now
    }
    this.actions.tap(id, part.choices[button.dataset.option], list ? "list" : "button");
  }

  missing(target) {
    const address = target.getAttribute("src");
    if (!address?.startsWith("/api/") || this.gone.has(address)) return;
    this.gone.add(address);
    this.conversation.changedLines.add(target.closest(".line").dataset.id);
    this.show(this.conversation);
  }
}

function unsent(line) {
  const again = el("button", { type: "button", class: "retry" }, _("Try again"));
  const discard = el("button", { type: "button", class: "discard" }, _("Discard"));
  return el("p", { class: "unsent" }, _("Not sent. %(reason)s", { reason: line.unsent }), " ", again, " ", discard);
}

const time = (line) => el("time", { datetime: line.at.toISOString() }, clock(line.at));

const textOf = (line) => line.edited ?? [line.heard, line.text].filter(Boolean).join("\n");

function content(line) {
  if (line.revoked) return el("em", {}, _("This message was deleted"));
  if (line.kind === "unreadable") return el("em", {}, _("A message that cannot be read"));
  const text = textOf(line);
  const named = line.kind && line.kind !== "text" && !line.choice ? kindOf(line.kind) : "";
  const kind = named ? el("span", { class: "kind" }, named) : null;
  return el("span", { class: "text", dir: "auto" }, kind, text ?? "");
}

function tick(state) {
  const mark = icon(...(TICK[state] ?? TICK.logged));
  const holder = el("span", { class: "tick", "data-tick": state, role: "img", "aria-label": TICK_MEANS[state], title: TICK_MEANS[state] });
  holder.append(mark);
  return holder;
}

const inOrder = (one, other) => (one.seq ?? Infinity) - (other.seq ?? Infinity) || one.at - other.at;
