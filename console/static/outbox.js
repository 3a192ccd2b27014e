// Messages that were typed and are not known to be stored. They outlive the page, and keep their id through every try,
// so that a message whose answer got lost on the way counts once.

const KEY = "recado.outbox";

function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

function save(all) {
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
  } catch {
    // A browser without storage: the messages live as long as the page.
  }
}

export class Outbox {
  constructor() {
    this.all = load();
  }

  /** What was typed in `chat` and not stored. */
  of(chat) {
    return Object.values(this.all[chat] ?? {});
  }

  get(chat, id) {
    return this.all[chat]?.[id];
  }

  put(chat, typed) {
    (this.all[chat] ??= {})[typed.id] = typed;
    save(this.all);
  }

  remove(chat, id) {
    if (!this.get(chat, id)) return;
    delete this.all[chat][id];
    save(this.all);
  }
}
