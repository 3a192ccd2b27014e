// The list of chats: the simulated phones first, then the others.

import { arrange, clock, el, initials, readableChat } from "./elements.js";
import { _, written } from "./words.js";

export class People {
  constructor(list, open) {
    this.list = list;
    this.open = open;
    this.known = new Map();
    this.selected = null;
  }

  get(chat) {
    return this.known.get(chat);
  }

  show(chats) {
    for (const { chat, name, phone, at, text } of chats) {
      const person = this.known.get(chat) ?? { unread: false };
      this.known.set(chat, { ...person, chat, name, phone, at: at ? new Date(at) : null, text });
    }
    this.draw();
  }

  /** Say how many chats there are, if not all are in the list. */
  showRest(place, all) {
    const shown = this.known.size;
    place.hidden = all <= shown;
    place.replaceChildren(_("%(shown)s of %(all)s chats.", { shown: written(shown), all: written(all) }), " ", el("a", { href: "/desk" }, _("All of them")));
  }

  select(chat) {
    this.selected = chat;
    const person = this.known.get(chat);
    if (person) person.unread = false;
    this.draw();
  }

  /** Something was said in a chat. */
  latest(chat, text, at, name = null, unread = false) {
    const person = this.known.get(chat) ?? { chat, name, phone: false };
    this.known.set(chat, { ...person, text, at, unread: unread || (person.unread ?? false) });
    this.draw();
  }

  draw() {
    arrange(this.list, [...this.known.values()].map((person) => this.item(person)));
  }

  item(person) {
    const shown = person.name ?? readableChat(person.chat);
    const button = el(
      "button",
      { type: "button", "aria-current": person.chat === this.selected ? "true" : null, "data-unread": person.unread },
      el("span", { class: "avatar", "data-hue": hue(person.chat), "aria-hidden": "true" }, initials(shown)),
      el(
        "span",
        { class: "who" },
        el("span", { class: "name", dir: "auto" }, shown),
        el("span", { class: "when" }, person.at ? clock(person.at) : ""),
        el("span", { class: "said", dir: "auto" }, person.text ?? readableChat(person.chat)),
      ),
    );
    button.addEventListener("click", () => this.open(person.chat));
    return el("li", {}, button);
  }
}

/** One of six colours, the same for a chat for ever. */
function hue(chat) {
  return String([...chat].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 6007, 7) % 6);
}
