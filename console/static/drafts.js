// Words that are kept in this tab until they were taken. They are of the user who typed them: another user who logs in
// does not find them, and the first one does, after the next login. They go when their chat is erased: those of every
// user, whichever page is open.

import { get } from "./pages.js";
import { user } from "./whose.js";

const PREFIX = "draft:";
const BEFORE_USERS = `${PREFIX}page:`; // of the page's own user
const CHATS = "/desk/chats/";
const LOOK_EVERY = 60_000; // ms

/** The name of a draft: of the words of a chat, or of something else of this kind in its form. */
export const keyOf = (form, kind = "") => `${PREFIX}${user ?? ""}:${kind ? `${kind}:` : ""}${new URL(form.action).pathname}`;

/** The address of a chat in an address about it. */
export const chatIn = (address) => new URL(address, location.href).pathname.split("/").slice(0, 5).join("/");

/** The sequence of the erasure with which the chat that is open begins; undefined: none is. */
const begunIn = (root) => root.querySelector("#lines")?.dataset.began;

function names() {
  try {
    return Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX));
  } catch {
    return []; // a browser without storage: drafts live as long as their page
  }
}

const chatOf = (name) => chatIn(name.slice(name.indexOf(`:${CHATS}`) + 1));

/** The drafts of a chat; without one, those of every chat. */
const ofChat = (chat) => names().filter((name) => name.includes(`:${CHATS}`) && (!chat || chatOf(name) === chat));

/** Keep a draft; null: there is none any more. */
export function keep(key, value) {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify({ value, began: begunIn(document) }));
  } catch {
    // as above
  }
}

/** The draft, or null. One from before its chat was erased is gone. */
export function kept(key) {
  const { value = null, began } = read(key);
  if (!isOfAnother(began, begunIn(document))) return value;
  keep(key, null);
  return null;
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? {};
  } catch {
    return {};
  }
}

/** Whether a draft was typed before the chat was erased, as far as both are known. */
const isOfAnother = (began, now) => began !== undefined && now !== undefined && began !== now;

/** The user logs out. */
export function forgetDrafts() {
  for (const name of names()) if (name.startsWith(`${PREFIX}${user ?? ""}:`)) sessionStorage.removeItem(name);
}

/** Everything that anybody has typed here for a chat goes, since it was erased. */
export function forgetChat(address) {
  const chat = chatIn(address);
  for (const name of ofChat(chat)) sessionStorage.removeItem(name);
  document.dispatchEvent(new CustomEvent("erased", { detail: chat }));
}

/** A chat has closed into another one, whose address is `to`: what was typed goes on there, unless something is there. */
export function carryDrafts(from, to) {
  const [old, now] = [chatIn(from), chatIn(to)];
  if (old === now || !now.startsWith(CHATS)) return;
  for (const name of ofChat(old)) {
    const other = name.replace(old, now);
    if (sessionStorage.getItem(other) !== null) continue;
    sessionStorage.setItem(other, JSON.stringify({ value: read(name).value }));
    sessionStorage.removeItem(name);
  }
}

/** Words typed before there were users are an owner's, as the page was; where they have typed something since, later. */
function inherit() {
  if (!("owns" in document.body.dataset) || user === "page") return;
  for (const name of names().filter((one) => one.startsWith(BEFORE_USERS))) {
    const own = name.replace(BEFORE_USERS, `${PREFIX}${user}:`);
    if (sessionStorage.getItem(own) !== null) continue;
    sessionStorage.setItem(own, sessionStorage.getItem(name));
    sessionStorage.removeItem(name);
  }
}

/** Look whether chats with drafts, of anybody who typed here, were erased elsewhere. */
async function lookForErased() {
  if (document.visibilityState !== "visible") return;
  for (const chat of new Set(ofChat().map(chatOf))) {
    const got = await get(`${chat}?part=live`);
    if (got?.answer.status === 410) forgetChat(chat);
    if (!got?.answer.ok) continue;
    const page = document.createElement("template");
    page.innerHTML = got.text;
    const began = begunIn(page.content);
    if (ofChat(chat).some((name) => isOfAnother(read(name).began, began))) forgetChat(chat);
  }
}

inherit();
if (document.querySelector("[data-erased]")) forgetChat(location.href);
lookForErased();
setInterval(lookForErased, LOOK_EVERY);
