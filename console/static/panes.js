// The panes of the inbox. A chat that is opened in the list comes beside it without the page being loaded again: the list
// stays where it is. Without this script the same links load the page.
//
// A chat that is slow to come does not take the page from a user who types meanwhile: it is not opened, and that is told.
//
// Events on `document`: `leaving` before the panes of another chat are put in, `opened` once they are there, and once at
// the beginning.

import { carryDrafts } from "./drafts.js";
import { announce } from "./news.js";
import { get } from "./pages.js";
import { patch } from "./patch.js";
import { bring, holdEnd, keepUp, toEnd, uptoOf } from "./refresh.js";
import { localTimes } from "./times.js";
import { tellUser } from "./told.js";
import { titled } from "./waiting.js";
import { _ } from "./words.js";

const PANES = "#conversation, #person";
const PREFIX = "list."; // before the list's fields in the address of a chat
const SLOW = 1000; // ms until it is told that a chat is being opened

let shown = location.pathname + location.search; // the address whose panes are on the page
let asked = 0;
let stop = () => {};
let giveUp = () => {}; // leaves the chat that is asked for closed

export let opening = null; // the chat that is asked for, and not there yet: a promise of whether it will be

export const list = () => document.querySelector("#list");

/** The list's fields in an address, without the prefix that they have beside a chat; those without a value are none. */
function fieldsOf(address) {
  const { pathname, searchParams } = new URL(address, location.href);
  const isAlone = pathname === "/desk";
  return [...searchParams].filter(([name, value]) => value && (isAlone || name.startsWith(PREFIX))).map(([name, value]) => [name.replace(PREFIX, ""), value]);
}

/** The name under which this tab keeps how far the list of an address, with its filters, is scrolled. */
const placeOf = (address) => `list-scrolled:${new URLSearchParams(fieldsOf(address))}`;

/** Show the chat of an address. `isNew`: it gets an entry in the browser's history. Returns whether it is there. */
export function open(address, isNew = true) {
  const mine = show(address, isNew);
  opening = mine;
  mine.finally(() => {
    if (opening === mine) opening = null;
  });
  return mine;
}

async function show(address, isNew) {
  const mine = ++asked;
  const name = nameOf(address);
  giveUp = () => {
    asked += 1;
    opening = null;
    notOpened(_("%(name)s was not opened, because you are writing here.", { name }), isNew);
  };
  const slow = setTimeout(() => mine === asked && tellUser(_("Opening %(name)s …", { name })), SLOW);
  const got = await get(address);
  clearTimeout(slow);
  if (mine !== asked || isLeft(address, isNew)) return false; // another one was opened meanwhile, or none is to be
  if (got === null) {
    notOpened(_("%(name)s was not opened: recado cannot be reached. Open the chat again in a moment.", { name }), isNew);
    return false;
  }
  if (got.state === "other") return false; // the banner tells it
  const page = got.answer.ok && !got.answer.redirected ? new DOMParser().parseFromString(got.text, "text/html") : null;
  const panes = page?.querySelector(".panes");
  if (!panes) {
    if (got.answer.redirected) carryDrafts(address, got.answer.url);
    location.href = address; // logged out, closed into another chat, or gone: the server says which
    return false;
  }
  document.dispatchEvent(new Event("leaving"));
  stop();
  if (isNew) history.pushState(null, "", address);
  shown = location.pathname + location.search;
  titled(page.title);
  put(page, panes);
  begin();
  document.dispatchEvent(new Event("opened"));
  const opened = document.querySelector("#conversation h1")?.textContent;
  if (opened) announce(opened);
  return true;
}

/** A chat stays closed: the address is again that of the panes on the page, also after a step back. */
function notOpened(why, isNew) {
  if (!isNew) history.pushState(null, "", shown);
  tellUser(why, true);
}

/** The name of a chat as the list has it. */
function nameOf(address) {
  const { pathname } = new URL(address, location.href);
  const row = [...document.querySelectorAll("#list .chats a")].find((one) => one.pathname === pathname);
  return row?.querySelector(".who bdi")?.textContent ?? decodeURIComponent(pathname.split("/").at(-1)).split("@")[0];
}

for (const name of ["input", "compositionstart"]) {
  document.addEventListener(name, ({ target }) => opening && target.closest(PANES) && giveUp(), true);
}

function put(page, panes) {
  const old = document.querySelector(".panes");
  localTimes(panes);
  old.dataset.pane = panes.dataset.pane;
  patch(document.querySelector(".skips"), page.querySelector(".skips"));
  for (const pane of old.querySelectorAll(PANES)) pane.remove();
  old.append(...panes.querySelectorAll(PANES));
  for (const part of list().querySelectorAll(":scope > [data-refresh]")) {
    const fresh = panes.querySelector(`#${part.id}`);
    if (fresh) part.dataset.refresh = fresh.dataset.refresh;
  }
  patch(list(), panes.querySelector("#list"));
  if (!document.activeElement?.checkVisibility()) document.querySelector("#conversation")?.focus();
}

/** The address of the panes on the page, with the list's fields of another address. */
function besideList(address) {
  const url = new URL(location.href);
  const prefix = url.pathname === "/desk" ? "" : PREFIX;
  for (const name of [...url.searchParams.keys()]) if (!prefix || name.startsWith(prefix)) url.searchParams.delete(name);
  for (const [name, value] of fieldsOf(address)) url.searchParams.set(prefix + name, value);
  return url.href;
}

/** Whether the browser has gone on from an address of its history. */
const isLeft = (address, isNew) => !isNew && new URL(address).href.split("#")[0] !== location.href.split("#")[0];

/** The address without the list's fields: two with the same one differ in their lists alone. */
function withoutList(address) {
  const url = new URL(address, location.href);
  const isAlone = url.pathname === "/desk";
  const fields = [...url.searchParams].filter(([name]) => !isAlone && !name.startsWith(PREFIX));
  return `${url.pathname}?${new URLSearchParams(fields)}`;
}

/** Show the list of an address beside what is open, which stays with all that was typed. `from`: the link or the field that
 * asked for it. */
export async function narrow(address, from) {
  while (opening) await opening;
  const wanted = besideList(address);
  if (await relist(wanted, true)) told(from);
}

async function relist(address, isNew) {
  const mine = ++asked;
  const got = await get(address);
  if (mine !== asked || isLeft(address, isNew)) return false;
  if (got === null || got.state === "other") return false; // the banner tells it
  const page = got.answer.ok && !got.answer.redirected ? new DOMParser().parseFromString(got.text, "text/html") : null;
  if (!page?.querySelector(".panes")) {
    location.href = address;
    return false;
  }
  keepPlace();
  if (isNew && address !== location.href) history.pushState(null, "", address);
  shown = location.pathname + location.search;
  titled(page.title);
  const field = list().querySelector("#q");
  localTimes(page.querySelector("#list"));
  patch(list(), page.querySelector("#list"));
  field.value = page.querySelector("#q").getAttribute("value");
  list().scrollTop = isNew ? 0 : keptPlace();
  // The links and the forms beside the list lead back to it.
  for (const part of ["#conversation .chat", "#person"]) {
    const [old, fresh] = [document, page].map((one) => one.querySelector(part));
    if (!old || !fresh) continue;
    old.dataset.refresh = fresh.dataset.refresh;
    bring(old, fresh);
    // The answer may be older than what the conversation had.
    if (uptoOf(old) < (old.happened ?? 0)) document.dispatchEvent(new Event("ordered"));
  }
  const write = document.querySelector("#write");
  const action = page.querySelector("#write")?.getAttribute("action");
  if (write && action) write.setAttribute("action", action);
  return true;
}

/** Tell which list is shown; the keyboard stays at the filter, or goes to the first row of another page. */
function told(from) {
  const first = list().querySelector(":is(.chats, .found) a");
  if (from?.closest(".pages, .note, .nothing") || !from?.isConnected) (first ?? list()).focus();
  const [title, number] = [".title", "#listed .pages span"].map((one) => list().querySelector(one)?.textContent.trim());
  announce([title, number ?? list().querySelector("#listed .nothing")?.textContent].filter(Boolean).join(". "));
}

const keepPlace = () => list() && sessionStorage.setItem(placeOf(shown), String(list().scrollTop));
const keptPlace = () => Number(sessionStorage.getItem(placeOf(shown)) ?? 0);

/** What a conversation needs once it is on the page. */
function begin() {
  const conversation = document.querySelector("#conversation");
  const ends = [keepUp(document.querySelector(".panes"))];
  stop = () => ends.forEach((end) => end());
  if (!conversation?.querySelector(".chat")) return;
  const isNewest = !location.hash && !/[?&](before|after|around)=/.test(location.search);
  if (isNewest) toEnd(conversation);
  ends.push(holdEnd(conversation, isNewest));
}

document.addEventListener("click", async (click) => {
  const link = click.target.closest("#list .chats a");
  if (!link || click.button !== 0 || click.ctrlKey || click.metaKey || click.shiftKey || click.altKey) return;
  click.preventDefault();
  // The keyboard goes on at the answer, as it does on a page that is loaded.
  if (await open(link.href)) document.querySelector(".answer")?.focus({ preventScroll: true });
});

// The chat that is open was erased, or may not be seen any more.
document.addEventListener("gone", ({ detail: words }) => {
  const conversation = document.querySelector("#conversation");
  if (!conversation?.querySelector(".chat")) return;
  document.dispatchEvent(new Event("leaving"));
  stop();
  const line = Object.assign(document.createElement("p"), { className: "nothing" });
  line.setAttribute("role", "status");
  const fields = new URLSearchParams(fieldsOf(document.querySelector(".to-list")?.href ?? "/desk"));
  const back = Object.assign(document.createElement("a"), { href: `/desk?${fields}`, textContent: _("To the chats") });
  line.append(words, " ", back);
  conversation.replaceChildren(line);
  document.querySelector("#person")?.remove();
  begin();
  document.dispatchEvent(new Event("opened"));
  conversation.focus();
  announce(words);
  // The list goes on alone: its links and its news were beside the chat.
  history.replaceState(null, "", back.href);
  relist(back.href, false);
});

// A jump to a line of the same chat changes the hash alone.
addEventListener("popstate", () => {
  if (!document.querySelector(".panes") || location.pathname + location.search === shown) return;
  if (withoutList(location.href) === withoutList(shown)) relist(location.href, false);
  else open(location.href, false);
});

// The list stays where it was over a page that is loaded: an order that was given, a story that was read.
addEventListener("pagehide", keepPlace);

if (document.querySelector(".panes")) {
  list().scrollTop = keptPlace();
  begin();
}

