// The forms of the desk: sent once, and what is typed for a person is kept until it was taken.

const DRAFT = "draft:";
const UNLOCK_AFTER = 15_000; // ms; the same form again is the same order

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
  key = write && DRAFT + new URL(write.action).pathname;
  fresh = id?.value;
  more = [...(write?.querySelectorAll(".more [name]") ?? [])];
  if (!field) return;
  restore();
  needWords();
  write.addEventListener("input", () => {
    id.value = fresh;
    keep();
    needWords();
    if (!isFilled()) say("");
  });
}

const isFilled = () => [field, ...more].some((one) => one.value);

/** Words are needed where nothing else is sent. */
const needWords = () => (field.required = !more.some((one) => one.value));

/** Keep the draft in this tab. `order` is the id under which it was sent, if it was. */
function keep(order) {
  const filled = Object.fromEntries(more.filter((one) => one.value).map((one) => [one.name, one.value]));
  try {
    if (isFilled()) sessionStorage.setItem(key, JSON.stringify({ text: field.value, more: filled, order }));
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
  const { text, more: filled, order } = kept();
  const taken = document.querySelector("#told [data-done]") ?? (order && document.querySelector(`[data-id="${CSS.escape(`${order}.r`)}"]`));
  if (taken && !isFilled()) keep();
  else if (isFilled()) keep(id.value); // the server gave it back
  else if (text || filled) {
    field.value = text;
    for (const one of more.filter(({ name }) => filled?.[name])) {
      one.value = filled[one.name];
      one.closest("details").open = true;
    }
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
    write.querySelector(".more").inert = true;
    say("Sending …");
  }
  setTimeout(() => unlock(form), UNLOCK_AFTER);
}

function unlock(form) {
  delete form.dataset.sent;
  form.querySelector("button").removeAttribute("aria-disabled");
  if (form === write) {
    field.readOnly = false;
    write.querySelector(".more").inert = false;
    say("");
  }
}

/** Say something beside the field, in a live region. */
function say(text) {
  document.querySelector("#meanwhile").textContent = text;
}

/** Another one of the business has answered while a draft is in the field. */
export function answeredMeanwhile(text) {
  if (field && isFilled() && !("sent" in write.dataset)) say(`A colleague has just answered: “${text}” Read it before you send.`);
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

document.addEventListener("opened", begin);
begin();
