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
let changes = 0;

export const isOut = () => state === "out";

/** A question that the server is asked now. Tell it what came of it: the server is `there`, it is `away`, or the session has
 * ended (`out`). Once the state has changed, an answer to an earlier question says nothing: a later one does. */
export function question() {
  const asked = changes;
  const tell = (next) => asked === changes && become(next);
  return { there: () => tell("there"), away: () => state !== "out" && tell("away"), out: () => tell("out") };
}

function become(next) {
  if (next === state) return;
  state = next;
  changes += 1;
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
