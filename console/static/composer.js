// The forms of the desk: sent once, and what is typed for a person is kept until it was taken.

const DRAFT = "draft:";
const UNLOCK_AFTER = 15_000; // ms; the same form again is the same order

const write = document.querySelector("#write");
const field = write?.elements.namedItem("text");
const id = write?.elements.namedItem("id");
const key = write && DRAFT + new URL(write.action).pathname;
const fresh = id?.value;

/** Keep the words in this tab. `order` is the id under which they were sent, if they were. */
function keep(order) {
  try {
    if (field.value) sessionStorage.setItem(key, JSON.stringify({ text: field.value, order }));
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

/** Put back what was typed here, unless it was taken since. */
function restore() {
  const { text, order } = kept();
  const taken = document.querySelector("#told [data-done]") ?? (order && document.querySelector(`[data-id="${CSS.escape(`${order}.r`)}"]`));
  if (taken && !field.value) keep();
  else if (field.value) keep(id.value); // the server gave it back
  else if (text) {
    field.value = text;
    if (order) id.value = order; // whether it arrived is unknown: again it is the same order
  }
  if (document.querySelector("#told [data-done]")) field.focus({ preventScroll: true });
}

function lock(form) {
  form.dataset.sent = "";
  form.querySelector("button").setAttribute("aria-disabled", "true");
  if (form === write) {
    keep(id.value);
    field.readOnly = true;
    say("Sending …");
  }
  setTimeout(() => unlock(form), UNLOCK_AFTER);
}

function unlock(form) {
  delete form.dataset.sent;
  form.querySelector("button").removeAttribute("aria-disabled");
  if (form === write) {
    field.readOnly = false;
    say("");
  }
}

/** Say something beside the field, in a live region. */
function say(text) {
  document.querySelector("#meanwhile").textContent = text;
}

/** Another one of the business has answered while a draft is in the field. */
export function answeredMeanwhile(text) {
  if (field?.value && !("sent" in write.dataset)) say(`A colleague has just answered: “${text}” Read it before you send.`);
}

export function onEnter(pressed) {
  pressed.preventDefault();
  if (!pressed.repeat) write.requestSubmit();
}

document.addEventListener("submit", (submitted) => {
  const form = submitted.target;
  if (form.method !== "post") return;
  if ("sent" in form.dataset) submitted.preventDefault();
  else lock(form);
  if (form.getAttribute("id") === "logout") for (const name of Object.keys(sessionStorage)) if (name.startsWith(DRAFT)) sessionStorage.removeItem(name);
});

// The browser may show an earlier page as it was, with a form that was sent.
addEventListener("pageshow", ({ persisted }) => persisted && document.querySelector("form[data-sent]") && location.reload());

field?.addEventListener("input", () => {
  id.value = fresh;
  keep();
  if (!field.value) say("");
});
if (field) restore();
