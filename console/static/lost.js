// The banner of a page whose server cannot be reached, or whose session has ended. What is typed stays in its form.

import { _ } from "./words.js";

const SHOWN_AFTER = 1000; // ms: a connection that is renewed at once is no news

const WORDS = {
  there: () => "",
  away: () => _("recado cannot be reached. What you see may be old; what you type is kept. It goes on by itself."),
  out: () => _("You are logged out. What you type is kept."),
};

let state = "there"; // or away, or out
let timer = null;

/** The server has answered. */
export const there = () => become("there");

/** The server cannot be reached. */
export const away = () => state !== "out" && become("away");

export const isOut = () => state === "out";

/** The session has ended. */
export const out = () => become("out");

function become(next) {
  if (next === state) return;
  state = next;
  clearTimeout(timer);
  if (next === "away") timer = setTimeout(show, SHOWN_AFTER);
  else show();
}

function show() {
  const place = document.querySelector("#lost");
  place.replaceChildren(WORDS[state]());
  if (state !== "out") return;
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = _("Log in again");
  place.append(" ", link);
}

const banner = document.createElement("p");
banner.id = banner.className = "lost";
banner.setAttribute("role", "status");
document.body.prepend(banner);

// A form that is sent now would leave the page for one of the browser's own.
addEventListener(
  "submit",
  (submitted) => {
    if (state === "there" || submitted.target.method !== "post") return;
    submitted.preventDefault();
    submitted.stopImmediatePropagation();
    show();
    const place = document.querySelector("#lost");
    if (state === "away") place.textContent = _("Not sent: recado cannot be reached. Your words are kept; send them once this line is gone.");
  },
  true,
);
