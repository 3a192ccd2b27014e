// The forms of the desk: sent once, and what is typed for a person is kept until it was taken.

import { forgetFiles, holdsFiles, showFiles } from "./attaching.js";
import { isRecording, showRecorder } from "./recorder.js";
import { _ } from "./words.js";

const DRAFT = "draft:";
const UNLOCK_AFTER = 15_000; // ms; the same form again is the same order

let write; // the form of the chat that is open, and its fields
let field;
let id;
let key;
let fresh;
let more;
let leaves = false; // the page goes because the form was taken

/** Take the form that is on the page now; another chat brings another one. */
function begin() {
  write = document.querySelector("#write");
  field = write?.elements.namedItem("text");
  id = write?.elements.namedItem("id");
  key = write && DRAFT + new URL(write.action).pathname;
  fresh = id?.value;
  more = [...(write?.querySelectorAll(".more [name]:not([type=file])") ?? [])];
  if (!field) return;
  restore();
  showFiles(write, key, say);
  showRecorder(write, say);
  needWords();
  for (const name of ["input", "change"]) write.addEventListener(name, changed);
}

function changed() {
  id.value = fresh;
  keep();
  needWords();
  if (!isFilled()) say("");
}

const isFilled = () => [field, ...more].some((one) => one.value) || quoteOf() !== null || holdsFiles(write);

/** Words are needed where nothing else is sent. */
const needWords = () => (field.required = !more.some((one) => one.value) && !holdsFiles(write) && !isRecording());

/** The message that is replied to: its id and its words. */
function quoteOf() {
  const input = write.elements.namedItem("quote");
  return input && { id: input.value, words: write.querySelector(".quoting q")?.textContent ?? "" };
}

/** Reply to a message; null: to none. */
function quote(of) {
  write.querySelector(".quoting")?.remove();
  if (!of) return;
  const input = Object.assign(document.createElement("input"), { type: "hidden", name: "quote", value: of.id, autocomplete: "off" });
  const words = Object.assign(document.createElement("q"), { textContent: of.words, dir: "auto" });
  const without = Object.assign(document.createElement("a"), { href: "#text", textContent: _("Without the quote") });
  const line = Object.assign(document.createElement("p"), { className: "quoting" });
  line.append(input, `${_("Replies to")} `, of.words ? words : _("a message"), " ", without);
  write.querySelector("#meanwhile").after(line);
}

/** Keep the draft in this tab. `order` is the id under which it was sent, if it was. */
function keep(order) {
  const filled = Object.fromEntries(more.filter((one) => one.value).map((one) => [one.name, one.value]));
  try {
    if (isFilled()) sessionStorage.setItem(key, JSON.stringify({ text: field.value, more: filled, quote: quoteOf(), order }));
    else sessionStorage.removeItem(key);
  } catch {
    // A browser without storage: the draft lives as long as the page.
  }
}

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? {};
  } catch {
    return {};
  }
}

/** Put back what was typed here, unless it was taken since. A quote that was just chosen by its link comes beside it. */
function restore() {
  const { text, more: filled, quote: quoted, order } = kept();
  const taken = document.querySelector("#told [data-done]") ?? (order && document.querySelector(`[data-id="${CSS.escape(`${order}.r`)}"]`));
  const given = [field, ...more].some((one) => one.value);
  if (taken) forgetFiles(key);
  if (taken && !given && !quoteOf()) keep();
  else if (given) keep(id.value); // the server gave it back
  else if (text || filled || quoted) {
    field.value = text ?? "";
    for (const one of more.filter(({ name }) => filled?.[name])) {
      one.value = filled[one.name];
      one.closest("details").open = true;
    }
    if (quoted && !quoteOf()) quote(quoted);
    else if (quoteOf()) keep();
    if (order) id.value = order; // whether it arrived is unknown: again it is the same order
  }
  if (document.querySelector("#told [data-done]")) field.focus({ preventScroll: true });
}

function lock(form) {
  form.dataset.sent = "";
  buttonOf(form).setAttribute("aria-disabled", "true");
  if (form !== write) {
    setTimeout(() => unlock(form), UNLOCK_AFTER);
    return;
  }
  keep(id.value);
  field.readOnly = true;
  for (const one of write.querySelectorAll(".more, .attached, .recording")) one.inert = true;
  say(_("Sending …"));
}

function unlock(form) {
  delete form.dataset.sent;
  buttonOf(form).removeAttribute("aria-disabled");
  if (form !== write) return;
  field.readOnly = false;
  for (const one of write.querySelectorAll(".more, .attached, .recording")) one.inert = false;
  say("");
}

const buttonOf = (form) => form.querySelector("button.send") ?? form.querySelector("button");

/** Say something beside the field, in a live region. */
function say(text) {
  document.querySelector("#meanwhile").textContent = text;
}

/** Say what is wrong beside a field; an empty name: beside the words. */
function refuse(name, text) {
  for (const one of write.querySelectorAll("[id^=wrong-]")) one.hidden = true;
  const place = write.querySelector(`#wrong-${CSS.escape(name || "text")}`) ?? write.querySelector("#wrong-text");
  place.setAttribute("role", "alert");
  place.textContent = text;
  place.hidden = false;
  const details = place.closest("details");
  if (details) details.open = true;
}

/** Send a form with files by script: a refusal must not lose them, and a slow line shows how far it is. */
function upload(form) {
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("accept", "application/json");
  request.responseType = "json";
  request.upload.onprogress = ({ loaded, total }) => say(_("Sending … %(percent)s %%", { percent: Math.floor((100 * loaded) / Math.max(total, 1)) }).replace("%%", "%"));
  request.onload = () => {
    const { to, error, field: wrong, id: order } = request.response ?? {};
    if (request.status === 200 && to) {
      leaves = true;
      location.assign(to);
      return;
    }
    unlock(form);
    if (order) id.value = fresh = order;
    refuse(wrong, error ?? _("recado said %(status)s.", { status: request.status }));
  };
  request.onerror = () => {
    unlock(form);
    refuse("", _("The connection was lost. Press Send again: it counts once."));
  };
  request.send(new FormData(form));
}

/** Another one of the business has answered while a draft is in the field. */
export function answeredMeanwhile(text) {
  if (field && isFilled() && !("sent" in write.dataset)) say(_("A colleague has just answered: “%(text)s” Read it before you send.", { text }));
}

export function onEnter(pressed) {
  pressed.preventDefault();
  if (!pressed.repeat) write.requestSubmit();
}

document.addEventListener("submit", (submitted) => {
  const form = submitted.target;
  if (form.method !== "post") return;
  if ("sent" in form.dataset) {
    submitted.preventDefault();
    return;
  }
  if (form === write && isRecording()) {
    submitted.preventDefault();
    refuse("voice", _("Stop the recording first."));
    return;
  }
  lock(form);
  if (form !== write) {
    if (form.getAttribute("id") === "logout") for (const name of Object.keys(sessionStorage)) if (name.startsWith(DRAFT)) sessionStorage.removeItem(name);
  } else if (holdsFiles(write)) {
    submitted.preventDefault();
    upload(form);
  } else {
    form.enctype = "application/x-www-form-urlencoded";
    setTimeout(() => unlock(form), UNLOCK_AFTER);
  }
});

// “reply” beside a message: its link loads the page with the quote; here the quote comes to the words and the files.
document.addEventListener("click", (click) => {
  if (!write?.isConnected || click.button !== 0 || click.ctrlKey || click.metaKey || click.shiftKey || click.altKey) return;
  const link = click.target.closest("a[href]");
  const url = link && new URL(link.href);
  if (link?.closest(".quoting")) quote(null);
  else if (link?.closest(".lines") && url.searchParams.has("quote")) {
    const line = link.closest("li[data-id]");
    const said = line?.querySelector(".text, .heard, .media bdi, em")?.textContent.trim();
    quote({ id: url.searchParams.get("quote"), words: (said ?? "").slice(0, 120) });
  } else return;
  click.preventDefault();
  changed();
  field.focus();
});

// What only this page has would be gone with it.
addEventListener("beforeunload", (event) => {
  if (!leaves && write?.isConnected && (holdsFiles(write) || isRecording()) && !("sent" in write.dataset)) event.preventDefault();
});

// The browser may show an earlier page as it was, with a form that was sent.
addEventListener("pageshow", ({ persisted }) => persisted && document.querySelector("form[data-sent]") && location.reload());

document.addEventListener("opened", begin);
begin();
