// The page: which chat is open, what is typed, what comes in.

import { ChatView } from "./chat_view.js";
import { Conversation } from "./conversation.js";
import { el, icon, readableChat } from "./elements.js";
import { EventsView } from "./events_view.js";
import { Live } from "./live.js";
import { Outbox } from "./outbox.js";
import { People } from "./people.js";
import * as requests from "./requests.js";
import { showModel, showState } from "./surroundings.js";
import { _ } from "./words.js";

const find = (id) => document.getElementById(id);
const outbox = new Outbox();
const live = new Live({ event: onEvent, news: onNews, status: onStatus, log: onLog, up: onUp, down: onDown, refused: onRefused });
const chatView = new ChatView(document, { retry, discard, tap });
const eventsView = new EventsView(document);
const people = new People(find("people"), open);

let facts = null; // the last overview
let conversation = null;
let log = null; // which log the page shows
let oldest = null; // sequence of the oldest line that was fetched
let drawing = false;
let lost = false;
const seen = new Set();

function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    if (!conversation) return;
    chatView.show(conversation);
    eventsView.show(conversation);
    tellSeen();
  });
}

async function open(chat) {
  if (conversation?.chat === chat) return;
  live.stop();
  chatView.clear();
  eventsView.clear();
  const opened = (conversation = new Conversation(chat));
  people.select(chat);
  location.replace(`#${chat}`);
  const person = people.get(chat);
  find("owner").replaceChildren(el("strong", { dir: "auto" }, person.name ?? readableChat(chat)), el("span", {}, readableChat(chat)));
  document.body.dataset.shows = "chat";
  showTabs();
  draw();
  const first = await fetchHistory(opened);
  if (opened !== conversation || first === null) return;
  for (const typed of outbox.of(chat)) opened.addTyped(typed, _("It is not known whether it was stored."));
  draw();
  requestAnimationFrame(() => chatView.toEnd());
  live.follow(chat, () => Math.max(opened.seq, first));
}

/** Fetch older lines, for as long as it takes; the sequence behind which the stream goes on. */
async function fetchHistory(opened, before) {
  while (opened === conversation) {
    try {
      const { entries, bubbles, more, after } = await requests.history(opened.chat, before);
      if (opened !== conversation) return null;
      opened.addHistory(entries, bubbles);
      oldest = entries[0]?.seq ?? oldest;
      find("earlier").hidden = !more;
      return after;
    } catch (refused) {
      showState("trouble", refused.message);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
  return null;
}

let last = Promise.resolve(); // what was sent last is known to be stored, or not

/** Send it after what was sent before: two connections may overtake each other. */
async function send(typed) {
  const opened = conversation;
  opened.addTyped(typed);
  draw();
  const stored = last.then(() => requests.write(typed, opened.chat));
  last = stored.catch(() => {});
  try {
    await stored;
    outbox.remove(opened.chat, typed.id);
    opened.stored(typed.id);
  } catch (refused) {
    opened.addTyped(typed, refused.message);
  }
  draw();
}

/** The person taps a choice of the reply `quoted`; a second tap on the same one says nothing new. */
function tap(quoted, option, source) {
  if (!facts.can_write || conversation.tapped(quoted).has(option.id)) return;
  const { id, title, description = null } = option;
  write({ text: title, tap: { id, title, description, source, quoted } });
}

/** Something the person writes. */
function write(said) {
  const typed = { id: crypto.randomUUID(), at: new Date().toISOString(), ...said };
  outbox.put(conversation.chat, typed);
  send(typed);
  requestAnimationFrame(() => chatView.toEnd());
}

function retry(id) {
  const typed = outbox.get(conversation.chat, id);
  if (typed) send(typed);
}

function discard(id) {
  outbox.remove(conversation.chat, id);
  conversation.discard(id);
  draw();
}

function onEvent(event) {
  conversation.fold(event);
  if (event.type === "in") outbox.remove(conversation.chat, event.payload.id);
  if ((event.type === "in" || event.type === "reply") && event.payload.text) people.latest(conversation.chat, event.payload.text, event.at);
  draw();
}

function onNews(news) {
  people.latest(news.chat, news.text, new Date(news.at), news.name, news.chat !== conversation.chat);
}

function onStatus(status) {
  if (status.ready) showState("ready");
  else showState("waiting", status.reasons.join("; "));
}

function onLog(created) {
  // Another log under the same address: nothing that the page shows stands in it.
  if (log !== null && log !== created) location.reload();
  log = created;
}

async function onUp() {
  if (lost) await look().catch(() => {});
  lost = false;
}

function onDown(why = _("recado does not answer. You can write meanwhile, and send it when recado is back.")) {
  lost = true;
  showState("lost", why);
}

/** Without a stream: what there is now, until the next attempt. */
async function onRefused() {
  const shown = conversation;
  try {
    await look();
    const { entries, bubbles } = await requests.history(shown.chat);
    shown.addHistory(entries, bubbles);
    if (shown !== conversation) return;
    draw();
    showState("slow", _("recado has no live stream for this page now. The page fetches news every few seconds."));
  } catch (refused) {
    if (refused.status === 401) location.reload(); // logged out
    else if (refused.status) onDown(refused.message); // another user, or another account than this user may see
    else onDown();
  }
}

async function tellSeen() {
  if (!facts.can_write || document.visibilityState !== "visible") return;
  const fresh = conversation.unseenReplies().filter((id) => !seen.has(id));
  if (fresh.length === 0) return;
  fresh.forEach((id) => seen.add(id));
  await requests.seen(conversation.chat, fresh).catch(() => fresh.forEach((id) => seen.delete(id)));
}

/** Ask what there is. */
async function look() {
  facts = await requests.overview();
  showModel(facts.model);
  people.show(facts.chats);
  people.showRest(find("rest"), facts.all);
  find("people-title").textContent = facts.can_write ? _("Phones") : _("Chats");
  find("with").textContent = facts.account === "local" ? "recado" : facts.account;
  find("composer").hidden = !facts.can_write;
  chatView.canTap = facts.can_write;
  find("watching").hidden = facts.can_write;
}

async function start() {
  for (;;) {
    try {
      await look();
      break;
    } catch (refused) {
      showState("lost", refused.message);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
  const asked = decodeURIComponent(location.hash.slice(1));
  const chat = people.get(asked) ? asked : facts.chats[0]?.chat;
  if (chat) await open(chat);
  else showState("ready");
}

function showTabs() {
  for (const tab of document.querySelectorAll(".tabs button")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.shows === document.body.dataset.shows));
  }
}

const text = find("text");
const fit = () => {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, 140)}px`;
};

find("send").append(icon("M4 12 20 4l-4 16-4-7z", "m12 13 8-9"));
find("composer").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  if (!conversation || !text.value.trim()) return;
  write({ text: text.value });
  text.value = "";
  fit();
});
text.addEventListener("input", fit);
text.addEventListener("keydown", (pressed) => {
  if (pressed.key === "Enter" && !pressed.shiftKey && !pressed.isComposing) {
    pressed.preventDefault();
    find("composer").requestSubmit();
  }
});
find("earlier").addEventListener("click", async () => {
  const scroll = find("scroll");
  const fromEnd = scroll.scrollHeight - scroll.scrollTop;
  await fetchHistory(conversation, oldest);
  chatView.show(conversation);
  scroll.scrollTop = scroll.scrollHeight - fromEnd;
});
document.addEventListener("visibilitychange", draw);
for (const tab of document.querySelectorAll(".tabs button")) {
  tab.addEventListener("click", () => {
    document.body.dataset.shows = tab.dataset.shows;
    showTabs();
  });
}

start();
