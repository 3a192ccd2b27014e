// The banner of a page whose server, or the bus behind it, cannot be reached; whose session has ended; whose user may do
// other things than before; or in whose browser another user has logged in. What is typed stays in its form.

import { user } from "./whose.js";
import { _ } from "./words.js";

const SHOWN_AFTER = 1000; // ms: a connection that is renewed at once is no news

const WORDS = {
  there: () => "",
  away: () => _("recado cannot be reached. What you see may be old; what you type is kept. It goes on by itself."),
  adrift: () => trouble.textContent, // recado answers, its bus does not
  changed: () => _("What you may see and do here has changed. What you type is kept."),
  out: () => _("You are logged out. What you type is kept."),
  other: () => _("%(now)s has logged in here, and this page is of %(user)s: it does nothing now. What is typed in it is kept for %(user)s.", { now, user }),
};
const LINKS = {
  changed: _("Load the page again"),
  out: _("Log in again"),
  other: _("Load the page again"),
};
const NOT_SENT = {
  away: _("Not sent: recado cannot be reached. Your words are kept; send them once this line is gone."),
  adrift: _("Not sent: the bus of recado does not answer. Your words are kept; send them once this line is gone."),
};

let state = "there"; // or another one of WORDS
let now = null; // who has logged in since
let changes = 0; // of the state
let timer = null;

/** The session has ended, or is another user's: nothing is asked for until the tab is seen again. */
export const hasEnded = () => state === "out" || state === "other";

const isThere = () => state === "there" || state === "changed";

/** Nothing keeps recado from taking work. */
export const isWell = () => isThere() && trouble.hidden;

/** Whether an answer that tells this state is for the page. */
export const isOfThePage = (told) => ["there", "adrift", "changed"].includes(told);

/** A question to the server begins. Returns what takes its answer (null: none came) and returns the state which that
 * tells. An answer to a question that was asked before the state changed says nothing about the state now. */
export function question() {
  const asked = changes;
  return (answer) => {
    const told = toldBy(answer);
    if (asked === changes) {
      tellTrouble(answer);
      become(told, answer?.headers.get("recado-user"));
    }
    return told;
  };
}

function toldBy(answer) {
  if (answer === null) return "away";
  const header = (name) => answer.headers.get(`recado-${name}`);
  if (header("user") !== null) return "other";
  if (answer.status === 401 || (answer.redirected && new URL(answer.url).pathname === "/login")) return "out";
  if (header("bus") === "away") return "adrift";
  return (header("rights") ?? document.body.dataset.rights) === document.body.dataset.rights ? "there" : "changed";
}

/** Why recado takes no work, which the page says on its own line; of a bus that is away the banner says it. */
function tellTrouble(answer) {
  const told = answer?.headers.get("recado-trouble") ?? null;
  if (told === null) return;
  const words = decodeURIComponent(told);
  if (trouble.textContent !== words) trouble.textContent = words;
  trouble.hidden = !words || answer.headers.get("recado-bus") === "away";
}

function become(next, whose) {
  if (next === state || (next === "away" && hasEnded())) return;
  state = next;
  now = whose;
  changes += 1;
  clearTimeout(timer);
  if (next in NOT_SENT) timer = setTimeout(show, SHOWN_AFTER);
  else show();
}

function show() {
  const place = document.querySelector("#lost");
  place.replaceChildren(WORDS[state]());
  if (!(state in LINKS)) return;
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = LINKS[state];
  link.addEventListener("click", (click) => {
    click.preventDefault();
    location.reload(); // the link of an address with a hash would only move to it
  });
  place.append(" ", link);
}

const trouble = document.querySelector("#trouble");
const banner = document.createElement("p");
banner.id = banner.className = "lost";
banner.setAttribute("role", "status");
document.body.prepend(banner);
if (trouble.dataset.bus === "away") {
  trouble.hidden = true;
  state = "adrift";
  show();
}

// A form that is sent now would leave the page for one of the browser's own; without the bus no chat takes an order.
addEventListener(
  "submit",
  (submitted) => {
    const { target } = submitted;
    if (isThere() || target.method !== "post" || (state === "adrift" && !target.closest(".panes"))) return;
    submitted.preventDefault();
    submitted.stopImmediatePropagation();
    show();
    if (state in NOT_SENT) document.querySelector("#lost").textContent = NOT_SENT[state];
    document.dispatchEvent(new Event("ordered")); // the parts of the page ask once more
  },
  true,
);
