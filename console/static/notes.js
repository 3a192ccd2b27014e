// A note or a label that is being written is kept in this tab until it was taken, as the words of the composer are.

import { DRAFT } from "./drafts.js";

const FIELDS = { note: "#note-text", label: "#label-add" }; // by the name of their draft

const nameOf = (form) => form.getAttribute("id").replace("order-", "");
const keyOf = (form) => `${DRAFT}${nameOf(form)}:` + new URL(form.action).pathname;

function keep(field) {
  try {
    if (field.value) sessionStorage.setItem(keyOf(field.form), field.value);
    else sessionStorage.removeItem(keyOf(field.form));
  } catch {
    // A browser without storage: the words live as long as the page.
  }
}

function restoreAll() {
  for (const field of document.querySelectorAll(Object.values(FIELDS).join())) restore(field);
}

function restore(field) {
  if (field.value) keep(field); // the server gave it back
  else {
    try {
      field.value = sessionStorage.getItem(keyOf(field.form)) ?? "";
    } catch {
      // as above
    }
  }
}

document.addEventListener("input", ({ target }) => Object.values(FIELDS).includes(`#${target.id}`) && keep(target));
// Another chat may have been opened meanwhile, and this one again.
document.addEventListener("taken", ({ detail: { form, body } }) => {
  const selector = form.matches("[id^=order-]") && FIELDS[nameOf(form)];
  if (!selector) return;
  const now = document.querySelector(selector);
  const field = now && keyOf(now.form) === keyOf(form) ? now : form.querySelector(selector);
  if (field.value === body.get(field.name)) field.value = "";
  keep(field);
});
document.addEventListener("opened", restoreAll);
restoreAll();
