// The panes of the inbox. A chat that is opened in the list comes beside it without the page being loaded again: the list
// stays where it is. Without this script the same links load the page.
//
// Events on `document`: `leaving` before the panes of another chat are put in, `opened` once they are there, and once at
// the beginning.

import { carryDrafts } from "./drafts.js";
import { announce } from "./news.js";
import { get } from "./pages.js";
import { patch } from "./patch.js";
import { holdEnd, keepUp, toEnd } from "./refresh.js";
import { localTimes } from "./times.js";

const PANES = "#conversation, #person";

let shown = location.pathname + location.search; // the address whose panes are on the page
let asked = 0;
let stop = () => {};

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
  const got = await get(address);
  if (mine !== asked) return false; // another one was opened meanwhile
  if (got === null) return false;
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
  const name = document.querySelector("#conversation h1")?.textContent;
  if (name) announce(name);
  return true;
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

