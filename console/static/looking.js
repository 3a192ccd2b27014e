// Tells the server that this chat is open in a tab that is seen, and shows which colleagues have it open too.

import { hasEnded } from "./lost.js";
import { post } from "./pages.js";
import { _ } from "./words.js";

const EVERY = 10_000; // ms; the server forgets a page after 30 s
const TYPING = 6_000; // ms after the last key

let chat = null;
let typed = 0;
let said = ""; // what was told last

const isSeen = () => document.visibilityState === "visible";
const isTyping = () => Date.now() - typed < TYPING && Boolean(document.querySelector("#text")?.value);
const address = () => `${new URL(document.querySelector("#write").action).pathname.replace(/\/orders$/, "")}/looking`;

function begin() {
  chat = document.querySelector("#conversation .chat");
  said = "";
  typed = 0;
  if (!chat || !document.querySelector("#write")) {
    chat = null;
    return;
  }
  const place = document.createElement("p");
  place.id = place.className = "looking";
  place.setAttribute("role", "status");
  document.querySelector("#write").before(place);
  chat.addEventListener("looking", ({ detail }) => show(place, detail));
  chat.addEventListener("brought", () => tell());
  tell();
}

/** Say that the chat is seen, if that is new. */
function tell({ again = false } = {}) {
  if (!chat?.isConnected || !isSeen() || hasEnded()) return;
  const last = [...chat.querySelectorAll("#lines > li[data-id]")].at(-1);
  const body = new URLSearchParams({ upto: last?.id.slice(1) ?? "", writing: isTyping() ? "1" : "" });
  if (!again && said === String(body)) return;
  said = String(body);
  post(address(), body);
}

/** Say that it is not seen any more. */
function leave() {
  if (!chat || hasEnded() || !document.querySelector("#write")) return;
  said = "";
  post(address(), new URLSearchParams({ left: "1" }));
}

function show(place, { looking, writing }) {
  const me = chat.dataset.user;
  const words = [
    ...writing.filter((name) => name !== me).map((name) => _("%(name)s is writing.", { name })),
    ...looking.filter((name) => name !== me && !writing.includes(name)).map((name) => _("%(name)s has this chat open.", { name })),
  ].join(" ");
  if (place.textContent !== words) place.textContent = words;
}

document.addEventListener("input", ({ target }) => {
  if (target.id !== "text") return;
  typed = Date.now();
  tell();
});
document.addEventListener("visibilitychange", () => (isSeen() ? tell({ again: true }) : leave()));
addEventListener("pagehide", leave);
document.addEventListener("leaving", leave);
document.addEventListener("opened", begin);
setInterval(() => tell({ again: true }), EVERY);
begin();
