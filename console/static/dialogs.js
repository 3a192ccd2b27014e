// Pages about the chat that is open come in a dialog over the inbox: the questions before a chat is blocked or erased or
// begins a new conversation, the templates, and why something was answered. Without this script their links load the page.

import { forgetChat, keep, kept, keyOf } from "./drafts.js";
import { ordered, unanswered } from "./orders.js";
import * as server from "./pages.js";
import { keepUp } from "./refresh.js";
import { localTimes } from "./times.js";
import { tellUser } from "./told.js";
import { _ } from "./words.js";

const ABOUT = /^\/desk\/chats\/[^/]+\/[^/]+\/(block|erase|reset|template|why\/[^/]+)$/;
const TEMPLATES = /\/template$/;

const panes = document.querySelector(".panes");
const dialog = document.createElement("dialog");
const told = Object.assign(document.createElement("div"), { id: "asked-told" });
const content = document.createElement("div");
let asked = 0;
let busy = false;
let stop = () => {};

if (panes) {
  const close = Object.assign(document.createElement("button"), { type: "button", className: "quiet close", textContent: "×", title: _("Close") });
  close.setAttribute("aria-label", _("Close"));
  close.addEventListener("click", () => dialog.close());
  dialog.id = "asked";
  dialog.setAttribute("aria-labelledby", "asked-title");
  told.setAttribute("role", "status");
  dialog.append(content, told, close);
  panes.append(dialog);
}

/** Whether a click on a link is to show what it leads to in this page. */
export const isPlain = (click) => !click.defaultPrevented && click.button === 0 && !click.ctrlKey && !click.metaKey && !click.shiftKey && !click.altKey;

/** Show the page of an address in the dialog. Of the templates it is the one that was filled in half when the dialog was
 * closed, unless another one is asked for. */
async function show(address, isAgain = true) {
  const mine = ++asked;
  const half = isAgain && TEMPLATES.test(new URL(address, location.href).pathname) ? kept(halfOf(address)) : null;
  const got = await (half ? server.post(address, new URLSearchParams({ ...half, do: "preview" })) : server.get(address));
  if (mine !== asked || got === null || got.state === "other") return; // the banner tells it
  if (got.answer.redirected || !fill(got.text)) location.href = address; // logged out, or closed into another chat
}

const halfOf = (address) => keyOf({ action: new URL(address, location.href) }, "template");

/** Keep the values of a template's form, until it was sent. */
function keepHalf(form) {
  const fields = [...new FormData(form)];
  const isFilled = fields.some(([name, value]) => value && (name === "file" || name.startsWith("value ")));
  keep(halfOf(form.action), isFilled ? Object.fromEntries(fields) : null);
}

dialog.addEventListener("input", ({ target }) => target.form?.method === "post" && TEMPLATES.test(new URL(target.form.action).pathname) && keepHalf(target.form));

/** Fill the dialog with what a page has; returns whether it has that. */
function fill(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const main = page.querySelector("main:has(#news)");
  const title = main?.querySelector("h1");
  if (!title) return false;
  main.querySelector("#news").remove();
  title.id = "asked-title";
  title.tabIndex = -1;
  localTimes(main);
  stop();
  told.replaceChildren();
  content.replaceChildren(...main.childNodes);
  stop = keepUp(content);
  if (!dialog.open) dialog.showModal();
  dialog.prepend(document.querySelector("#lost")); // nothing outside is read while it is open
  dialog.scrollTop = 0;
  (content.querySelector("[aria-invalid], [autofocus]") ?? title).focus();
  return true;
}

dialog.addEventListener("close", () => {
  document.body.prepend(document.querySelector("#lost"));
  asked += 1;
  stop();
  stop = () => {};
});

document.addEventListener("click", (click) => {
  const link = click.target.closest(".panes a[href]");
  if (!link || !isPlain(click)) return;
  const { pathname, hash, origin } = new URL(link.href);
  if (origin !== location.origin) return;
  if (ABOUT.test(pathname)) {
    click.preventDefault();
    show(link.href, !dialog.contains(link));
  } else if (dialog.contains(link) && pathname === location.pathname) {
    dialog.close();
    if (!hash) click.preventDefault();
  }
});

dialog.addEventListener("submit", (submitted) => {
  const form = submitted.target;
  const { pathname } = new URL(form.action);
  if (!ABOUT.test(pathname)) return; // orders.js gives what block, erase and reset ask
  submitted.preventDefault();
  const fields = new URLSearchParams(new FormData(form, submitted.submitter));
  if (form.method === "get") show(`${pathname}?${fields}`, false);
  else if (!busy) post(form, fields, submitted.submitter);
});

/** What is wrong, as a page says it. */
const faultsIn = (text) => [...new DOMParser().parseFromString(text, "text/html").querySelectorAll("main .trouble")].map((one) => one.textContent).join(" ");

/** Send the form of a template: the answer is the page again, with what is wrong or with the words; or the order's outcome. */
async function post(form, fields, button) {
  busy = true;
  button?.setAttribute("aria-disabled", "true");
  const name = document.querySelector("#with")?.textContent;
  const got = await server.post(form.action, fields);
  const { answer, text, state } = got ?? {};
  busy = false;
  button?.removeAttribute("aria-disabled");
  const isHere = form.isConnected && dialog.open;
  const tell = (words, isBad) => tellUser(isHere ? words : `${name}: ${words}`, isBad);
  const isOfOrder = answer?.headers.get("content-type")?.startsWith("application/json");
  const outcome = isOfOrder && text ? JSON.parse(text) : null;
  if (outcome?.to) {
    keep(halfOf(form.action), null);
    if (isHere) dialog.close();
    tell(outcome.said, false);
    ordered();
  } else if (outcome || !text) {
    if (outcome?.id && form.isConnected) form.elements.namedItem("id").value = outcome.id;
    tell(state === "out" ? unanswered(401, true) : (outcome?.error ?? unanswered(answer?.status ?? 0, false)), true);
  } else if (!isHere && fields.get("do") === "send") tell(faultsIn(text) || unanswered(answer.status, false), true);
  else if (isHere && !fill(text)) tell(unanswered(answer.status, false), true);
}

// An order that the dialog asked for was taken. What was typed in an erased chat goes with it.
document.addEventListener("taken", ({ detail: { form, body } }) => {
  if (dialog.contains(form)) dialog.close();
  if (body.get("command") === "erase") forgetChat(form.action);
});
document.addEventListener("leaving", () => {
  asked += 1; // a page that comes later is of the chat before
  dialog.close();
});
