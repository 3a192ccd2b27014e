// The desk by keyboard. None of these keys acts while one types, and a reader of a screen reader can switch off those
// that are one character: https://www.w3.org/WAI/WCAG22/Understanding/character-key-shortcuts

import { open, opening } from "./panes.js";

const OFF = "keys-off";

let isComing = false; // the chat whose answer the user wants to write

const search = () => document.querySelector("#q");
const text = () => document.querySelector("#text");
const rows = () => [...document.querySelectorAll("#list .chats a")];
const isOff = () => localStorage.getItem(OFF) !== null;

/** The rows' neighbour of the one that has the focus, or of the chat that is open. */
function go(by) {
  const all = rows();
  const focused = all.indexOf(document.activeElement);
  const from = focused >= 0 ? focused : all.findIndex((row) => row.hasAttribute("aria-current"));
  const row = all[from < 0 && by < 0 ? all.length - 1 : from + by];
  if (!row) return;
  row.focus();
  if (document.querySelector(".panes")) open(row.href);
}

/** Give an order about the chat that is open, or will be in a moment. */
async function press(order) {
  if (opening === null || (await opening)) document.querySelector(`#order-${order}`)?.requestSubmit();
}

/** Go to the answer of the chat that is open, or will be in a moment; keys that are pressed until then do nothing. */
async function reply() {
  if (opening !== null) {
    isComing = true;
    await opening;
    isComing = false;
  }
  text()?.focus();
}

const ACTS = {
  j: () => go(1),
  k: () => go(-1),
  "/": () => {
    if (search()?.checkVisibility()) search().focus();
    else location.href = document.querySelector(".to-list")?.href.concat("#q") ?? "/desk#q";
  },
  r: () => reply(),
  a: () => press("take"),
  e: () => press("resolve"),
  "?": () => showKeys(),
};

/** Show the keys; closed by Escape, the browser gives the focus back. */
function showKeys() {
  const dialog = document.querySelector("#keys");
  dialog.querySelector("[name=keys]").checked = !isOff();
  dialog.showModal();
}

document.addEventListener("keydown", (pressed) => {
  if (document.querySelector("dialog[open]") || pressed.isComposing) return;
  const typing = pressed.target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(pressed.target.tagName);
  if (pressed.key === "Escape" && typing) pressed.target.blur();
  if (typing || pressed.ctrlKey || pressed.metaKey || pressed.altKey) return;
  if (ACTS[pressed.key] && !isOff()) {
    pressed.preventDefault();
    if (!pressed.repeat && !isComing) ACTS[pressed.key]();
  }
  if (pressed.key === "ArrowDown" || pressed.key === "ArrowUp") {
    const links = [...document.querySelectorAll(".chats a, .found a")];
    const at = links.indexOf(document.activeElement) + (pressed.key === "ArrowDown" ? 1 : -1);
    // Elsewhere the arrows scroll.
    if (links[at] && (links.includes(document.activeElement) || document.activeElement === document.body)) {
      pressed.preventDefault();
      links[at].focus();
    }
  }
});

const help = document.querySelector("#show-keys");
if (help) {
  help.hidden = false;
  help.addEventListener("click", showKeys);
  document.querySelector("#keys [name=keys]").addEventListener("change", ({ target }) => {
    if (target.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "");
  });
}
if (location.hash === "#q") search()?.focus();
