// A note or a label that is being written is kept in this tab until it was taken, as the words of the composer are.

import { keep, kept, keyOf } from "./drafts.js";

const FIELDS = { note: "#note-text", label: "#label-add" }; // by the name of their draft

const nameOf = (form) => form.getAttribute("id").replace("order-", "");
const keyIn = (form) => keyOf(form, nameOf(form));
const keepWords = (field) => keep(keyIn(field.form), field.value || null);

function restoreAll() {
  for (const field of document.querySelectorAll(Object.values(FIELDS).join())) {
    if (field.value) keepWords(field); // the server gave it back
    else field.value = kept(keyIn(field.form)) ?? "";
  }
}

document.addEventListener("input", ({ target }) => Object.values(FIELDS).includes(`#${target.id}`) && keepWords(target));
// Another chat may have been opened meanwhile, and this one again.
document.addEventListener("taken", ({ detail: { form, body } }) => {
  const selector = form.matches("[id^=order-]") && FIELDS[nameOf(form)];
  if (!selector) return;
  const now = document.querySelector(selector);
  const field = now && keyIn(now.form) === keyIn(form) ? now : form.querySelector(selector);
  if (field.value === body.get(field.name)) field.value = "";
  keepWords(field);
});
document.addEventListener("opened", restoreAll);
restoreAll();
