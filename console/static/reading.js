// Reading a conversation: earlier messages come by themselves, what is new is told at its end, and quotes are followed.

import { followOlder } from "./older.js";
import { get } from "./pages.js";
import { open } from "./panes.js";
import { isAtEnd, toEnd } from "./refresh.js";
import { localDays } from "./days.js";
import { localTimes } from "./times.js";
import { _, ngettext } from "./words.js";

const NEAR = "600px"; // before the first message comes into sight

let pane = null; // that of the conversation which is open
let chat = null;
let below = null; // the button at its end
let fresh = 0; // messages below that were not in sight yet
let watched = null;
let loading = false;

/** Take the conversation that is on the page now. */
function begin() {
  watched?.disconnect();
  pane = document.querySelector("#conversation");
  chat = pane?.querySelector(".chat") ?? null;
  if (!chat) return;
  localDays(chat);
  fresh = 0;
  below = document.createElement("button");
  below.type = "button";
  below.className = "below";
  below.addEventListener("click", () => toEnd(pane));
  pane.querySelector(".answer").prepend(below);
  pane.addEventListener("scroll", told, { passive: true });
  followOlder(chat, pane);
  chat.addEventListener("bringing", ({ detail }) => keepOlder(detail));
  chat.addEventListener("brought", ({ detail }) => {
    localDays(chat);
    fresh += detail.filter((line) => !line.classList.contains("by-hand")).length;
    watch();
  });
  watch();
  told();
  if (location.hash.startsWith("#s")) found(document.getElementById(location.hash.slice(1)));
}

/** Say at the end whether there is something below. */
function told() {
  const atEnd = isAtEnd(pane);
  if (atEnd) fresh = 0;
  below.hidden = atEnd;
  below.classList.toggle("new", fresh > 0);
  below.textContent = fresh ? ngettext("%(num)s new message below", "%(num)s new messages below", fresh) : _("To the end");
}

document.addEventListener("settled", () => chat && told());

const seqOf = (line) => Number(line.id.slice(1));
const linesOf = (list) => [...(list?.querySelectorAll(":scope > li[data-id]") ?? [])];

/** Lines that have left the newest page stay, before those of the page. */
function keepOlder(page) {
  const older = chat.querySelector("#older");
  const [first] = linesOf(page.querySelector("#lines"));
  if (!first || !older) return;
  for (const line of linesOf(older)) if (seqOf(line) >= seqOf(first)) line.remove();
  const left = linesOf(chat.querySelector("#lines")).filter((line) => seqOf(line) < seqOf(first));
  if (older.firstElementChild || !isAtEnd(pane)) older.append(...left);
  begun(older);
}

/** The list of earlier lines is one once it has any. */
function begun(older) {
  older.hidden = !older.firstElementChild;
  older.classList.toggle("lines", !older.hidden);
}

/** Have what is before the first line come as soon as it is near. */
function watch() {
  watched?.disconnect();
  const link = chat.querySelector("#earlier a");
  chat.classList.toggle("whole", "whole" in chat.dataset);
  if (!link || "whole" in chat.dataset) return;
  watched = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && earlier(), { root: pane, rootMargin: `${NEAR} 0px 0px` });
  watched.observe(chat.querySelector("#earlier"));
}

async function earlier() {
  const mine = chat;
  const [first] = [...linesOf(chat.querySelector("#older")), ...linesOf(chat.querySelector("#lines"))];
  if (loading || !first) return;
  loading = true;
  const address = new URL(chat.querySelector("#earlier a").href);
  address.searchParams.set("before", first.id.slice(1));
  address.searchParams.set("part", "live");
  const got = await get(address);
  const page = document.createElement("template");
  if (got?.answer.ok && !got.answer.redirected) page.innerHTML = got.text;
  loading = false;
  if (mine !== chat || !page.content.firstChild) return;
  localTimes(page.content);
  const lines = linesOf(page.content.querySelector("#lines")).filter((line) => !document.getElementById(line.id));
  if (!page.content.querySelector("#earlier a")) chat.dataset.whole = "";
  const before = pane.scrollHeight - pane.scrollTop;
  chat.querySelector("#older").prepend(...lines);
  begun(chat.querySelector("#older"));
  localDays(chat);
  pane.scrollTop = pane.scrollHeight - before; // what the reader looks at stays where it is
  watch();
}

/** Bring a line into sight, and show which one it is. */
function found(line) {
  if (!line) return;
  for (const other of chat.querySelectorAll(".sought")) other.classList.remove("sought");
  line.scrollIntoView({ block: "center" });
  line.classList.add("sought");
  line.tabIndex = -1;
  line.focus({ preventScroll: true });
}

document.addEventListener("click", (click) => {
  if (click.target.closest("#earlier a") && chat?.isConnected && click.button === 0 && !click.ctrlKey && !click.metaKey && !click.shiftKey && !click.altKey) {
    click.preventDefault();
    earlier();
    return;
  }
  const quoted = click.target.closest("a.quoted");
  if (!quoted || click.button !== 0 || click.ctrlKey || click.metaKey || click.shiftKey || click.altKey) return;
  click.preventDefault();
  const line = document.getElementById(quoted.hash.slice(1));
  if (line) found(line);
  else open(quoted.href);
});

document.addEventListener("opened", begin);
begin();
