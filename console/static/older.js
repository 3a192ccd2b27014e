// Earlier messages, which were loaded while one reads, follow what becomes of them: ticks, edits, deletions, reactions. A
// line that an event names is asked for again once it is in sight; after a lost connection every line is.

import { localDays } from "./days.js";
import { get } from "./pages.js";
import { update } from "./patch.js";
import { uptoOf } from "./refresh.js";
import { localTimes } from "./times.js";

const AGAIN = 1000; // ms until a server is asked again that did not know the event yet, or did not answer
const SOON = 200; // ms in which several lines are asked for at once

const olderOf = (chat) => [...chat.querySelectorAll("#older > li[data-id]")];

/** The ids that an event names; one of a part is that of its reply. */
function namedIn(event) {
  const ids = new Set();
  JSON.stringify(event, (_, value) => {
    if (typeof value === "string") ids.add(value.replace(/#[0-9]{1,4}$/, ""));
    return value;
  });
  return ids;
}

/** Keep the earlier lines of the conversation `chat` up to date as far as `pane` shows them. */
export function followOlder(chat, pane) {
  const stale = new Map(); // lines, with the sequence of the event that changed them
  let timer = null;
  const sights = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && soon(SOON), { root: pane, rootMargin: "300px 0px" });

  const soon = (wait) => {
    timer ??= setTimeout(() => {
      timer = null;
      if (chat.isConnected) freshen();
    }, wait);
  };
  const mark = (line, seq) => {
    stale.set(line, seq);
    sights.observe(line); // tells at once whether it is in sight
  };
  const drop = (line) => {
    stale.delete(line);
    sights.unobserve(line);
  };

  async function freshen() {
    const { top, bottom } = pane.getBoundingClientRect();
    const line = [...stale.keys()].find((one) => {
      const at = one.getBoundingClientRect();
      return one.isConnected && at.bottom > top - 300 && at.top < bottom + 300;
    });
    if (!line) return;
    const address = new URL(chat.dataset.refresh, location.href);
    address.searchParams.set("around", line.id.slice(1));
    const got = await get(address);
    if (!chat.isConnected || got?.answer.redirected || got?.state === "other") return;
    if (got && got.answer.status >= 400 && got.answer.status < 500) {
      [...stale.keys()].forEach(drop); // the chat was erased, or is no more for this user
      return;
    }
    const page = document.createElement("template");
    if (got?.answer.ok) page.innerHTML = got.text;
    const lines = page.content.querySelector("#lines");
    if (!lines || uptoOf(page.content) < stale.get(line)) {
      soon(AGAIN);
      return;
    }
    localTimes(lines);
    const fresh = new Map([...lines.querySelectorAll(":scope > li[data-id]")].map((one) => [one.id, one]));
    // A reaction that was a line of its own is drawn at its message once both are on one page.
    if (!fresh.has(line.id)) line.remove();
    for (const one of stale.keys()) if (!one.isConnected) drop(one);
    for (const one of olderOf(chat)) {
      if (!fresh.has(one.id)) continue;
      update(one, fresh.get(one.id));
      if ((stale.get(one) ?? 0) <= uptoOf(page.content)) drop(one);
    }
    localDays(chat);
    if (stale.size) soon(SOON);
  }

  chat.addEventListener("happened", ({ detail }) => {
    const ids = namedIn(detail);
    for (const line of olderOf(chat)) if (ids.has(line.dataset.id)) mark(line, detail.seq);
  });
  chat.addEventListener("reconnected", () => olderOf(chat).forEach((line) => mark(line, 0)));
}
