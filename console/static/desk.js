// The desk without script is whole; with it, pages keep themselves up to date, times are local, and keys work.

import { answeredMeanwhile, onEnter } from "./composer.js";
import { patch } from "./patch.js";
import "./profile.js";

const localTimes = (root) => {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    const isToday = at.toDateString() === new Date().toDateString();
    time.textContent = isToday ? at.toLocaleTimeString([], { hour12: false }) : at.toLocaleString([], { dateStyle: "medium", timeStyle: "short", hour12: false });
    time.title = at.toLocaleString();
  }
};

const LINES = ".lines > li[id]";
const ROWS = "li > a[href]";

/** Bring a part of the page up to what the server says now; the server has escaped it. */
async function refresh(part) {
  const answer = await fetch(part.dataset.refresh, { headers: { accept: "text/html" } }).catch(() => null);
  part.toggleAttribute("data-lost", answer === null || !answer.ok);
  if (answer === null || !answer.ok) return;
  if (answer.redirected) {
    location.reload(); // logged out
    return;
  }
  const fresh = document.createElement("template");
  fresh.innerHTML = await answer.text();
  localTimes(fresh.content);
  const known = new Map([...part.querySelectorAll(ROWS)].map((row) => [keyOf(row), saidIn(row)]));
  const lines = new Set([...part.querySelectorAll(LINES)].map((line) => line.id));
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const atEnd = window.innerHeight + window.scrollY >= document.body.scrollHeight - 80;
  const anchor = anchorIn(part);
  const top = anchor?.getBoundingClientRect().top;
  patch(part, fresh.content);
  if (focused && !focused.isConnected) focusInstead(part, focused);
  if (atEnd && part.dataset.stream) window.scrollTo(0, document.body.scrollHeight);
  else if (anchor?.isConnected) window.scrollBy(0, anchor.getBoundingClientRect().top - top);
  if (part.dataset.stream) announceLines([...part.querySelectorAll(LINES)].filter((line) => !lines.has(line.id)));
  else if (part.querySelector(".chats")) announceRows([...part.querySelectorAll(ROWS)].filter((row) => known.get(keyOf(row)) !== saidIn(row)));
}

/** What is to stay at its place on the screen: what has the focus, or the first line that is seen. At the very top
 * nothing is: what is new is shown. */
function anchorIn(part) {
  const isSeen = (element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return bottom > 0 && top < window.innerHeight;
  };
  if (window.scrollY === 0) return null;
  if (part.contains(document.activeElement) && isSeen(document.activeElement)) return document.activeElement;
  return [...part.querySelectorAll("li")].find(isSeen) ?? null;
}

/** What had the focus is gone: its link elsewhere in the part has it now, or the first one. */
function focusInstead(part, gone) {
  const href = gone.getAttribute("href");
  (part.querySelector(`a[href="${CSS.escape(href ?? "")}"]`) ?? part.querySelector("a, button"))?.focus({ preventScroll: true });
}

const saidIn = (row) => (row.querySelector(".reason") ?? row.querySelector(".said") ?? row).textContent;

/** A chat that waits for a human has two rows. */
const keyOf = (row) => (row.closest(".attention") ? "waits " : "") + row.getAttribute("href");

/** Tell a screen reader, which does not see what changes. */
function announce(text) {
  document.querySelector("#news").textContent = text;
}

function announceLines(lines) {
  const words = (line) => (line.querySelector(".parts, .text, em")?.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 200);
  if (lines.length) announce(lines.map((line) => `${line.dataset.who}: ${words(line)}`).join(" — "));
  const byHand = lines.filter((line) => line.classList.contains("by-hand")).at(-1);
  if (byHand) answeredMeanwhile(words(byHand));
}

function announceRows(rows) {
  const asking = rows.filter((row) => row.closest(".attention"));
  const words = asking.map((row) => `Waiting for a human: ${row.querySelector(".who bdi")?.textContent}.`);
  if (rows.length > asking.length) words.push(`${rows.length - asking.length === 1 ? "One chat has" : `${rows.length - asking.length} chats have`} something new.`);
  if (words.length) announce(words.join(" "));
}

/** At most one refresh under way, and one more if something came meanwhile. */
function whenever(part) {
  let running = null;
  let again = false;
  return async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      await refresh(part);
      await new Promise((resolve) => setTimeout(resolve, 150));
    } while (again);
    running = null;
  };
}

/** Look whenever something comes; where there is no room for another stream, every few seconds. */
function follow(part, look) {
  const source = new EventSource(part.dataset.stream);
  source.addEventListener("event", () => setTimeout(look, 100));
  source.onopen = look;
  source.onerror = () => {
    part.setAttribute("data-lost", "");
    // The browser tries again by itself, unless it was told no.
    if (source.readyState !== EventSource.CLOSED) return;
    look();
    setTimeout(() => follow(part, look), 3000);
  };
}

for (const part of document.querySelectorAll("[data-refresh]")) {
  const look = whenever(part);
  const every = Number(part.dataset.every ?? 0);
  const timer = every ? setInterval(() => (part.querySelector("[data-ended]") ? clearInterval(timer) : document.visibilityState === "visible" && look()), every) : null;
  if (part.dataset.stream) follow(part, look);
}

localTimes(document);
const search = document.querySelector("#q");
if (location.hash === "#q") search?.focus();
if (document.querySelector(".chat") && !location.hash && !location.search.includes("before=")) window.scrollTo(0, document.body.scrollHeight);
const told = document.querySelector(".told");
if (told) setTimeout(() => announce(told.textContent), 100); // a live region tells changes alone

document.addEventListener("keydown", (pressed) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(pressed.target.tagName);
  const alone = !pressed.ctrlKey && !pressed.metaKey && !pressed.altKey;
  if (pressed.key === "Escape" && typing) pressed.target.blur();
  if (pressed.key === "/" && !typing && alone) {
    pressed.preventDefault();
    if (search) search.focus();
    else location.href = "/desk#q";
  }
  if (pressed.key === "Enter" && !pressed.shiftKey && !pressed.isComposing && pressed.target.id === "text") onEnter(pressed);
  if ((pressed.key === "ArrowDown" || pressed.key === "ArrowUp") && !typing && alone) {
    const links = [...document.querySelectorAll(".attention a, .chats a, .found a")];
    const at = links.indexOf(document.activeElement) + (pressed.key === "ArrowDown" ? 1 : -1);
    if (links[at]) {
      pressed.preventDefault();
      links[at].focus();
    }
  }
});
