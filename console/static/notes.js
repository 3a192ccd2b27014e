// A note that is being written is kept in this tab until it was taken, as the words of the composer are.

import { DRAFT } from "./drafts.js";

const keyOf = (form) => `${DRAFT}note:` + new URL(form.action).pathname;

function keep(field) {
  try {
    if (field.value) sessionStorage.setItem(keyOf(field.form), field.value);
    else sessionStorage.removeItem(keyOf(field.form));
  } catch {
    // A browser without storage: the note lives as long as the page.
  }
}

function restore() {
  const field = document.querySelector("#note-text");
  if (!field) return;
  if (field.value) keep(field); // the server gave it back
  else {
    try {
      field.value = sessionStorage.getItem(keyOf(field.form)) ?? "";
    } catch {
      // as above
    }
  }
}

document.addEventListener("input", ({ target }) => target.id === "note-text" && keep(target));
// Another chat may have been opened meanwhile, and this one again.
document.addEventListener("taken", ({ detail: { form, body } }) => {
  if (form.getAttribute("id") !== "order-note") return;
  const now = document.querySelector("#note-text");
  const field = now && keyOf(now.form) === keyOf(form) ? now : form.elements.namedItem("text");
  if (field.value === body.get("text")) field.value = "";
  keep(field);
});
document.addEventListener("opened", restore);
restore();
