// Orders are given once. Those of the inbox are given without the page being loaded again, and the panes are brought up to
// date in place. Without this script the same forms load the page.
//
// Events on `document` about an order of the inbox, with its form, which may be gone by then: `sending`; `progress` with
// the percent that was sent; `answered`; then `taken` with its `body`, or `refused` with {error, field, id}: what is
// wrong, with which field, and the id of the form from now on. `ordered`, without a form: the panes may have changed.

import { carryDrafts } from "./drafts.js";
import { question } from "./lost.js";
import { open } from "./panes.js";
import { tellUser, untell } from "./told.js";
import { _ } from "./words.js";

const UNLOCK_AFTER = 15_000; // ms until a form that loads a page can be sent again; it is the same order
const PATIENCE = 60_000; // ms without any sign of progress until an order counts as lost
const AGAIN = 1000; // ms until the panes are looked at once more: what was decided is shown a moment later

const unsure = new WeakSet(); // forms whose order may have arrived: no answer came
const arrived = new WeakMap(); // the id of the order that is in the log, by its form

const idOf = (form) => form.elements.namedItem("id");
const buttonOf = (form) => form.querySelector("button.send") ?? form.querySelector("button");
const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

function lock(form) {
  form.dataset.sent = "";
  buttonOf(form)?.setAttribute("aria-disabled", "true");
}

function unlock(form) {
  delete form.dataset.sent;
  buttonOf(form)?.removeAttribute("aria-disabled");
}

document.addEventListener("submit", (submitted) => {
  const form = submitted.target;
  if (form.method !== "post" || submitted.defaultPrevented) return;
  if ("sent" in form.dataset) {
    submitted.preventDefault();
    return;
  }
  lock(form);
  if (form.closest(".panes") && new URL(form.action).pathname.endsWith("/orders")) {
    submitted.preventDefault();
    give(form);
  } else setTimeout(() => unlock(form), UNLOCK_AFTER);
});

async function give(form) {
  const name = document.querySelector("#with")?.textContent;
  const body = new FormData(form);
  const files = [...body.values()].some((value) => value instanceof File && value.name); // an empty file is refused, and not left out
  const request = post(form, files ? body : new URLSearchParams([...body].filter(([, value]) => typeof value === "string")));
  untell();
  tell("sending", { form });
  const { status, answer, state } = await request;
  unlock(form);
  tell("answered", { form });
  const say = (text, isBad) => tellUser(form.isConnected ? text : `${name}: ${text}`, isBad);
  if (status === 200 && answer?.to) await took(form, body, answer, say);
  else {
    const isOut = state === "out";
    const error = (isOut ? null : answer?.error) ?? unanswered(status, isOut);
    if (answer?.id && !form.matches("#write")) idOf(form).value = answer.id;
    if (answer?.field && !form.matches("#write")) form.elements.namedItem(answer.field)?.focus();
    if (!status || status >= 500) {
      unsure.add(form);
      next(form);
    }
    tell("refused", { form, error, field: answer?.field ?? "", id: answer?.id });
    if (!form.matches("#write") || !form.isConnected) say(error, true);
    if (status === 404) ordered(); // the chat was erased meanwhile
  }
}

async function took(form, body, { to, said, id }, say) {
  idOf(form).value = id;
  const isSend = form.matches("#write");
  // Words that were typed since then stay.
  if (!isSend) for (const one of form.querySelectorAll("textarea, input:not([type=hidden])")) if (one.value === body.get(one.name)) one.value = "";
  tell("taken", { form, body });
  // The answer is at the end of the chat, which may have closed into another one.
  const isNewest = document.querySelector("#conversation .chat")?.dataset.stream && !new URLSearchParams(location.search).has("quote");
  const isHere = new URL(to, location.href).pathname === location.pathname;
  if (form.isConnected && (!isHere || (isSend && !isNewest))) {
    if (!isHere) carryDrafts(location.pathname, to);
    await open(to);
    document.querySelector("#text")?.focus({ preventScroll: true });
  }
  say(said, false);
  ordered();
}

/** The panes may have changed. */
export function ordered() {
  tell("ordered");
  setTimeout(() => tell("ordered"), AGAIN);
}

/** What to say of a form whose answer did not come, or is none. */
export function unanswered(status, isOut) {
  if (isOut) return _("You are logged out. What you type is kept.");
  if (status) return _("recado said %(status)s. Press the button again: it counts once.", { status });
  return _("The connection was lost. Press the button again: it counts once.");
}

/** The answer to a form; `status` 0: none came. */
function post(form, body) {
  return new Promise((resolve) => {
    let silence;
    const heard = question();
    const request = new XMLHttpRequest(); // fetch does not tell how much was sent
    request.open("POST", form.action);
    request.setRequestHeader("accept", "application/json");
    request.responseType = "json";
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => request.abort(), PATIENCE);
    };
    request.upload.onprogress = ({ loaded, total }) => {
      listen();
      if (body instanceof FormData) tell("progress", { form, percent: Math.floor((100 * loaded) / Math.max(total, 1)) });
    };
    request.onloadend = () => clearTimeout(silence);
    request.onload = () => {
      const headers = { get: (name) => request.getResponseHeader(name) };
      resolve({ status: request.status, answer: request.response, state: heard({ status: request.status, redirected: false, headers }) });
    };
    // One lost order does not mean that recado is away: then it could not be given again. What is asked for next tells it.
    request.onerror = request.onabort = () => resolve({ status: 0, answer: null, state: null });
    request.send(body);
    listen();
  });
}

/** An order without words whose answer was lost is in the log: the page shows its effect, and the next press is another
 * order. One with words is sent again as it is, which counts once. */
function next(form) {
  if (!unsure.has(form) || arrived.get(form) !== idOf(form).value || form.querySelector("textarea, input:not([type=hidden])")) return;
  idOf(form).value = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function happened({ detail: { payload } }) {
  for (const form of document.querySelectorAll(".panes form[action*='/orders']")) {
    if (idOf(form)?.value !== payload?.id) continue;
    arrived.set(form, payload.id);
    next(form);
  }
}

document.addEventListener("happened", happened, true);

// The browser may show an earlier page as it was, with a form that was sent.
addEventListener("pageshow", ({ persisted }) => persisted && document.querySelector("form[data-sent]") && location.reload());
