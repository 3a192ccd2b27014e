// Tells a screen reader, which does not see what changes.

import { answeredMeanwhile } from "./composer.js";
import { _, ngettext } from "./words.js";

const KEPT = 3;

/** Say `text`; what was said just before is not taken away while it is being read. */
export function announce(text) {
  const news = document.querySelector("#news");
  news.append(Object.assign(document.createElement("span"), { textContent: `${text} ` }));
  while (news.children.length > KEPT) news.firstElementChild.remove();
}

export function announceLines(lines) {
  const words = (line) => (line.querySelector(".parts, .bubble > .text, .bubble > em")?.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 200);
  if (lines.length) announce(lines.map((line) => `${line.dataset.who}: ${words(line)}`).join(" — "));
  const byHand = lines.filter((line) => line.classList.contains("by-hand")).at(-1);
  if (byHand) answeredMeanwhile(words(byHand));
}

export function announceRows(rows) {
  const asking = rows.filter((row) => row.querySelector(".reason"));
  const words = asking.map((row) => _("Needs a human: %(name)s.", { name: row.querySelector(".who bdi")?.textContent }));
  const others = rows.length - asking.length;
  if (others) words.push(ngettext("One chat has something new.", "%(num)s chats have something new.", others));
  if (words.length) announce(words.join(" "));
}
