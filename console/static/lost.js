// The banner of a page whose server cannot be reached, whose session has ended, or in whose browser another user has
// logged in since. What is typed stays in its form.

import { _ } from "./words.js";

const SHOWN_AFTER = 1000; // ms: a connection that is renewed at once is no news

/** The user for whom the server made this page; undefined: nobody was logged in. */
export const { user } = document.body.dataset;

/** What each request says, so that the server refuses those of another user's page. */
export const ofPage = user ? { "recado-page-of": user } : {};

const WORDS = {
  there: () => "",
  away: () => _("recado cannot be reached. What you see may be old; what you type is kept. It goes on by itself."),
  out: () => _("You are logged out. What you type is kept."),
  other: (now) => _("%(now)s has logged in here, and this page is of %(user)s: it does nothing now. What is typed in it is kept for %(user)s.", { now, user }),
};

let state = "there"; // or away, out, other
let now = null; // who has logged in since
let changes = 0; // of the state
let timer = null;

/** The session has ended, or is another user's: nothing is asked for until the tab is seen again. */
export const hasEnded = () => state === "out" || state === "other";

/** A question to the server begins. Returns what takes its answer (null: none came) and returns the state which that
 * tells. An answer to a question that was asked before the state changed says nothing about the state now. */
export function question() {
  const asked = changes;
  return (answer) => {
    const told = toldBy(answer);
    if (asked === changes) become(told, answer?.headers.get("recado-user"));
    return told;
  };
}

function toldBy(answer) {
  if (answer === null) return "away";
  if (answer.headers.get("recado-user") !== null) return "other";
  return answer.status === 401 || (answer.redirected && new URL(answer.url).pathname === "/login") ? "out" : "there";
}

function become(next, whose) {
  if (next === state || (next === "away" && hasEnded())) return;
  state = next;
  now = whose;
  changes += 1;
  clearTimeout(timer);
  if (next === "away") timer = setTimeout(show, SHOWN_AFTER);
  else show();
}

function show() {
  const place = document.querySelector("#lost");
  place.replaceChildren(WORDS[state](now));
  if (!hasEnded()) return;
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = state === "out" ? _("Log in again") : _("Load the page again");
  link.addEventListener("click", (click) => {
    click.preventDefault();
    location.reload(); // the link of an address with a hash would only move to it
  });
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
