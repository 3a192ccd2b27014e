// Parts of the page keep themselves up to date. A part is an element with data-refresh, the address of what it shows;
// it is looked at every data-every milliseconds, and whenever something comes on data-stream. Once the session has ended
// nothing is asked for, until the tab is seen again.

import { carryDrafts, forgetChat } from "./drafts.js";
import { hasEnded, isOfThePage, isWell } from "./lost.js";
import { announceLines, announceRows } from "./news.js";
import { get } from "./pages.js";
import { patch } from "./patch.js";
import { localTimes } from "./times.js";
import { openStream } from "./whose.js";

const LINES = ".lines > li[data-id]";
const ROWS = ".chats > li > a[href]";
const AGAIN = 3000; // ms until a stream that was refused is asked for again
const BEHIND = 600; // ms until a server that does not know the latest event yet is asked again
const LONGEST_BEHIND = 10_000; // ms, after it was asked often
const LONGEST_PRESS = 15_000; // ms; a scrollbar or a menu of the browser may take the release of a pointer
const SLEPT = 90_000; // ms without a tick of the clock after which the machine was asleep, and a stream may be dead

let pressed = null; // the part in which a pointer is down

/** Keep the parts of `root` up to date. Returns a function that ends it. */
export function keepUp(root) {
  const parts = [...root.querySelectorAll("[data-refresh]")].map((part) => ({ part, look: whenever(part) }));
  const lookAtAll = () => parts.forEach(({ part, look }) => !part.dataset.every && look());
  const ends = parts.map(({ part, look }) => {
    const ended = part.dataset.stream ? follow(part, lookAtAll) : () => {};
    const timer = part.dataset.every ? setInterval(() => !part.querySelector("[data-ended]") && document.visibilityState === "visible" && look(), Number(part.dataset.every)) : null;
    return () => {
      ended();
      clearInterval(timer);
    };
  });
  const lookAtEverything = () => parts.forEach(({ look }) => look());
  const seen = () => document.visibilityState === "visible" && parts.forEach(({ look }) => look({ alsoOut: true }));
  document.addEventListener("ordered", lookAtEverything);
  document.addEventListener("visibilitychange", seen);
  return () => {
    document.removeEventListener("ordered", lookAtEverything);
    document.removeEventListener("visibilitychange", seen);
    ends.forEach((end) => end());
  };
}

/** Bring a part of the page up to what the server says now; the server has escaped it. Returns whether the server itself
 * did not know the latest event of the chat yet. */
async function refresh(part, alsoOut) {
  if (hasEnded() && !alsoOut) return false;
  if (!part.checkVisibility()) return false; // a pane that is not shown
  const address = part.dataset.refresh;
  if (!address) return false; // a list that was searched for stays as it was found
  const got = await get(address);
  if (!part.isConnected || part.dataset.refresh !== address) return false; // another chat was opened meanwhile
  if (!isOfThePage(got?.state)) return false;
  const { answer, text } = got;
  if (answer.redirected) {
    carryDrafts(address, answer.url); // the chat has closed into another one
    location.reload();
  }
  if (answer.status === 410) forgetChat(address);
  if ((answer.status === 404 || answer.status === 410) && part.matches(".chat") && !isOrdering()) {
    const words = new DOMParser().parseFromString(text, "text/html").querySelector("main [role=alert]")?.textContent;
    document.dispatchEvent(new CustomEvent("gone", { detail: words ?? "" }));
  }
  if (!answer.ok || answer.redirected) return false;
  // A click is meant for what was there when it was pressed.
  if (pressed === part) await released();
  if (!part.isConnected || part.dataset.refresh !== address) return false;
  const fresh = document.createElement("template");
  fresh.innerHTML = text;
  bring(part, fresh.content);
  return uptoOf(part) < (part.happened ?? 0);
}

/** The sequence of the log up to which the lines in `root` are known. */
export const uptoOf = (root) => Number(root.querySelector("[data-upto]")?.dataset.upto ?? Infinity);

function release() {
  pressed = null;
  document.dispatchEvent(new Event("released"));
}

/** Wait until no pointer is down. */
function released() {
  const late = setTimeout(release, LONGEST_PRESS);
  return new Promise((resolve) => document.addEventListener("released", resolve, { once: true })).then(() => clearTimeout(late));
}

document.addEventListener("pointerdown", ({ target, button }) => button === 0 && (pressed = target.closest("[data-refresh]")), true);
for (const name of ["pointerup", "pointercancel"]) {
  // The click comes just after.
  document.addEventListener(name, () => setTimeout(release), true);
}

/** Make a part what `fresh` is, without moving what the reader looks at. */
export function bring(part, fresh) {
  localTimes(fresh);
  const known = new Map([...part.querySelectorAll(ROWS)].map((row) => [row.getAttribute("href"), saidIn(row)]));
  const began = part.querySelector("#lines")?.dataset.began;
  const lines = new Set([...part.querySelectorAll(LINES)].map((line) => line.id));
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const section = focused?.closest("section");
  const scroller = part.closest(".pane") ?? document.scrollingElement;
  const atEnd = isAtEnd(scroller);
  const anchor = anchorIn(part, scroller);
  const top = anchor?.getBoundingClientRect().top;
  part.dispatchEvent(new CustomEvent("bringing", { detail: fresh }));
  patch(part, fresh);
  if (began !== part.querySelector("#lines")?.dataset.began && !isOrdering()) anew();
  const news = [...part.querySelectorAll(LINES)].filter((line) => !lines.has(line.id));
  part.dispatchEvent(new CustomEvent("brought", { detail: news }));
  if (focused && !focused.isConnected) focusInstead(part, focused, section);
  if (atEnd && part.dataset.stream) toEnd(scroller);
  else if (anchor?.isConnected) scroller.scrollBy(0, anchor.getBoundingClientRect().top - top);
  document.dispatchEvent(new Event("settled"));
  if (part.dataset.stream) announceLines(news);
  else if (known.size) announceRows([...part.querySelectorAll(ROWS)].filter((row) => known.get(row.getAttribute("href")) !== saidIn(row)));
}

/** An order is on its way: its answer tells what became of the chat. */
const isOrdering = () => document.querySelector(".panes form[data-sent]") !== null;

/** The chat that is open was erased, and goes on, or is blocked still: nothing that was typed or read before stays. */
function anew() {
  forgetChat(location.href);
  location.reload();
}

export const isAtEnd = (scroller) => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;

export const toEnd = (scroller) => scroller.scrollTo(0, scroller.scrollHeight);

/** Hold a conversation at its end, once it is there, while a picture comes or the composer grows; until the reader moves up.
 * Returns a function that ends it. */
export function holdEnd(pane, isHeld) {
  let held = isHeld;
  let last = pane.scrollTop;
  const moved = () => {
    held = (held && pane.scrollTop >= last) || isAtEnd(pane); // what grows moves nothing; only a reader moves up
    last = pane.scrollTop;
  };
  const sizes = new ResizeObserver(() => held && toEnd(pane));
  for (const part of [pane, ...pane.children]) sizes.observe(part);
  pane.addEventListener("scroll", moved, { passive: true });
  return () => {
    sizes.disconnect();
    pane.removeEventListener("scroll", moved);
  };
}

/** What is to stay at its place on the screen: what has the focus, or the first line that is seen. At the very top
 * nothing is: what is new is shown. */
function anchorIn(part, scroller) {
  if (scroller.scrollTop === 0) return null;
  const frame = scroller === document.scrollingElement ? { top: 0, bottom: innerHeight } : scroller.getBoundingClientRect();
  const isSeen = (element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return bottom > frame.top && top < frame.bottom;
  };
  if (part.contains(document.activeElement) && isSeen(document.activeElement)) return document.activeElement;
  return [...part.querySelectorAll("li")].find(isSeen) ?? null;
}

/** What had the focus is gone: its link elsewhere in the part has it now, or what comes first in its section. */
function focusInstead(part, gone, section) {
  const href = gone.getAttribute("href");
  const first = (place) => [...(place?.querySelectorAll("a[href], button, input, select, textarea") ?? [])].find((one) => one.type !== "hidden" && one.checkVisibility());
  (part.querySelector(`a[href="${CSS.escape(href ?? "")}"]`) ?? first(section) ?? first(part))?.focus({ preventScroll: true });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const saidIn = (row) => (row.querySelector(".reason") ?? row.querySelector(".said") ?? row).textContent;

/** At most one refresh under way, and one more if something came meanwhile. While the server itself does not know the latest
 * event, the wait doubles until something comes. */
function whenever(part) {
  let running = null;
  let again = false;
  let wait = BEHIND;
  let isSeen = false; // the tab has just been seen again
  return async ({ alsoOut = false } = {}) => {
    wait = BEHIND;
    isSeen ||= alsoOut;
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      do {
        again = false;
        const isForced = isSeen;
        isSeen = false;
        if (await refresh(part, isForced)) {
          again = true;
          for (let waited = 0; waited < wait; waited += BEHIND) await pause(BEHIND);
          wait = Math.min(2 * wait, LONGEST_BEHIND);
        } else await pause(150);
      } while (again);
    } finally {
      running = null;
    }
  };
}

/** Look whenever something comes; where there is no room for another stream, every few seconds. The part is told of each
 * event by `happened`, and by `reconnected` that some may have been missed. */
function follow(part, look) {
  const address = new URL(part.dataset.stream, location.href);
  let source;
  let ticked = Date.now();
  let isFirst = true;
  const open = () => {
    source = openStream(address);
    source.addEventListener("event", ({ data, lastEventId }) => {
      address.searchParams.set("after", lastEventId);
      part.happened = Number(lastEventId);
      part.dispatchEvent(new CustomEvent("happened", { detail: JSON.parse(data) }));
      setTimeout(look, 100);
    });
    source.addEventListener("looking", ({ data }) => part.dispatchEvent(new CustomEvent("looking", { detail: JSON.parse(data) })));
    // The bus may have gone or come back.
    source.addEventListener("status", ({ data }) => JSON.parse(data).ready === isWell() || look());
    source.onopen = () => {
      if (!isFirst) part.dispatchEvent(new Event("reconnected"));
      isFirst = false;
      look();
    };
    source.onerror = () => look();
  };
  const ticks = setInterval(() => {
    const slept = Date.now() - ticked > SLEPT;
    ticked = Date.now();
    // The browser tries again by itself, unless it was told no.
    if (hasEnded() || (!slept && source.readyState !== EventSource.CLOSED)) return;
    source.close();
    open();
  }, AGAIN);
  open();
  return () => {
    clearInterval(ticks);
    source.close();
  };
}
