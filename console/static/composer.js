// The composer: what is typed for a person is kept until it was taken. How it is sent is told by the form's events, which
// orders.js describes.

import { forgetFiles, holdsFiles, showFiles } from "./attaching.js";
import * as drafts from "./drafts.js";
import { forgetRecording, isRecording, showRecorder } from "./recorder.js";
import { _ } from "./words.js";

let write; // the form of the chat that is open, and its fields
let field;
let id;
let key;
let fresh;
let more;

/** Take the form that is on the page now; another chat brings another one. */
function begin() {
  write = document.querySelector("#write");
  field = write?.elements.namedItem("text");
  id = write?.elements.namedItem("id");
  key = write && drafts.keyOf(write);
  fresh = id?.value;
  more = [...(write?.querySelectorAll(".more [name]:not([type=file])") ?? [])];
  if (!field) return;
  restore();
  showFiles(write, key, say);
  showRecorder(write, key, say);
  needWords();
  write.addEventListener("input", changed);
  // A text field that loses the focus tells nothing that its keys have not told, and the order that was sent stays the draft's.
  write.addEventListener("change", ({ target }) => target.matches("textarea, input:not([type=file])") || changed());
  write.addEventListener("submit", (submitted) => {
    if (!isRecording()) return;
    submitted.preventDefault();
    refuse("voice", _("Stop the recording first."));
  });
}

function forgetAttached(key) {
  forgetFiles(key);
  forgetRecording(key);
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
  drafts.keep(key, isFilled() ? { text: field.value, more: filled, quote: quoteOf(), order } : null);
}

/** Put back what was typed here, unless it was taken since. A quote that was just chosen by its link comes beside it. */
function restore() {
  const { text, more: filled, quote: quoted, order } = drafts.kept(key) ?? {};
  const taken = document.querySelector("#told [data-done]") ?? (order && document.querySelector(`[data-id="${CSS.escape(`${order}.r`)}"]`));
  const given = [field, ...more].some((one) => one.value);
  if (taken) forgetAttached(key);
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

/** While it is sent the words stay as they are. */
function hold(held) {
  field.readOnly = held;
  for (const one of write.querySelectorAll(".more, .attached, .recording")) one.inert = held;
  say(held ? _("Sending …") : "");
}

/** Begin with nothing typed. */
function clear() {
  for (const one of [field, ...more]) one.value = "";
  for (const one of write.querySelectorAll(".more details")) one.open = false;
  for (const one of write.querySelectorAll("[id^=wrong-]")) one.hidden = true;
  quote(null);
  write.dispatchEvent(new Event("emptied"));
  changed();
}

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

/** Another one of the business has answered while a draft is in the field. */
export function answeredMeanwhile(text) {
  if (field && isFilled() && !("sent" in write.dataset)) say(_("A colleague has just answered: “%(text)s” Read it before you send.", { text }));
}

export function onEnter(pressed) {
  pressed.preventDefault();
  if (!pressed.repeat) write.requestSubmit();
}

document.addEventListener("submit", ({ target }) => target.getAttribute("id") === "logout" && drafts.forgetDrafts());

document.addEventListener("sending", ({ detail: { form } }) => {
  if (form !== write) return;
  keep(id.value);
  hold(true);
});
document.addEventListener("progress", ({ detail: { form, percent } }) => {
  if (form === write) say(_("Sending … %(percent)s %%", { percent }).replace("%%", "%"));
});
document.addEventListener("answered", ({ detail: { form } }) => form === write && hold(false));
document.addEventListener("refused", ({ detail: { form, error, field: wrong, id: order } }) => {
  if (form !== write) return;
  if (order) id.value = fresh = order;
  refuse(wrong, error);
});
// Another chat may have been opened meanwhile, and this one again.
document.addEventListener("taken", ({ detail: { form, body } }) => {
  if (form.getAttribute("id") !== "write") return;
  if (form === write) fresh = id.value;
  if (form === write || (write?.isConnected && drafts.keyOf(form) === key && id.value === body.get("id"))) clear();
  else if (drafts.keyOf(form) !== key) {
    forgetAttached(drafts.keyOf(form));
    drafts.keep(drafts.keyOf(form), null);
  }
  if (form === write && write.isConnected) field.focus({ preventScroll: true });
});

document.addEventListener("erased", ({ detail: chat }) => {
  forgetAttached(drafts.keyOf({ action: `${location.origin}${chat}/orders` }));
  if (write?.isConnected && drafts.chatIn(write.action) === chat) clear();
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
  if (write?.isConnected && (holdsFiles(write) || isRecording())) event.preventDefault();
});

document.addEventListener("opened", begin);
begin();
