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
import { holdEnd, keepUp, toEnd } from "./refresh.js";
import { localTimes } from "./times.js";
import { tellUser } from "./told.js";
import { _ } from "./words.js";

const PANES = "#conversation, #person";
const SLOW = 1000; // ms until it is told that a chat is being opened

let shown = location.pathname + location.search; // the address whose panes are on the page
let asked = 0;
let stop = () => {};
let giveUp = () => {}; // leaves the chat that is asked for closed

export let opening = null; // the chat that is asked for, and not there yet: a promise of whether it will be

export const list = () => document.querySelector("#list");

/** The name under which this tab keeps how far this list, with its filters, is scrolled. */
function here() {
  const isAlone = location.pathname === "/desk";
  const fields = [...new URLSearchParams(location.search)].filter(([name]) => isAlone || name.startsWith("list."));
  return `list-scrolled:${new URLSearchParams(fields.map(([name, value]) => [name.replace(/^list\./, ""), value]))}`;
}

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
  if (mine !== asked) return false; // another one was opened meanwhile, or none is to be
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
  document.title = page.title;
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

// A jump to a line of the same chat changes the hash alone.
addEventListener("popstate", () => {
  if (document.querySelector(".panes") && location.pathname + location.search !== shown) open(location.href, false);
});

// The list stays where it was over a page that is loaded: an order that was given, a story that was read.
addEventListener("pagehide", () => list() && sessionStorage.setItem(here(), String(list().scrollTop)));

if (document.querySelector(".panes")) {
  list().scrollTop = Number(sessionStorage.getItem(here()) ?? 0);
  begin();
}

