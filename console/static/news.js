// Tells a screen reader, which does not see what changes.

import { answeredMeanwhile } from "./composer.js";

export function announce(text) {
  document.querySelector("#news").textContent = text;
}

export function announceLines(lines) {
  const words = (line) => (line.querySelector(".parts, .text, em")?.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 200);
  if (lines.length) announce(lines.map((line) => `${line.dataset.who}: ${words(line)}`).join(" — "));
  const byHand = lines.filter((line) => line.classList.contains("by-hand")).at(-1);
  if (byHand) answeredMeanwhile(words(byHand));
}

export function announceRows(rows) {
  const asking = rows.filter((row) => row.querySelector(".reason"));
  const words = asking.map((row) => `Needs a human: ${row.querySelector(".who bdi")?.textContent}.`);
  if (rows.length > asking.length) words.push(`${rows.length - asking.length === 1 ? "One chat has" : `${rows.length - asking.length} chats have`} something new.`);
  if (words.length) announce(words.join(" "));
}
