// The title of the tab says how many chats wait for this user, also while the tab is not seen.

import { hasEnded, isOfThePage } from "./lost.js";
import { get } from "./pages.js";

const EVERY = 10_000; // ms between two looks; browsers make it a minute for a tab that is long out of sight

let title = document.title;
let number = 0;

/** The page has another title; the number stays before it. */
export function titled(words) {
  title = words;
  show();
}

function show() {
  const words = number ? `(${number}) ${title}` : title;
  if (document.title !== words) document.title = words;
}

/** What the list says, which is looked at oftener than the number alone while the tab is seen. */
function ofList() {
  number = Number(document.querySelector("[data-waiting]")?.dataset.waiting ?? number);
  show();
}

async function look() {
  if (hasEnded()) return;
  const got = await get("/desk?part=waiting");
  if (!got?.answer.ok || got.answer.redirected || !isOfThePage(got.state)) return;
  number = Number(got.text);
  show();
}

if (document.querySelector(".panes")) {
  ofList();
  document.addEventListener("settled", ofList);
  setInterval(look, EVERY);
}
