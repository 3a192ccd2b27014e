// Asks the server for a page, or for a part of one, and tells it a little. Each answer is heard by the banner.

import { ofPage, question } from "./lost.js";

const PATIENCE = 30_000; // ms until a server that says nothing counts as away
const PATIENCE_TOLD = 60_000; // the same of one that has been told something

/** The answer, its text, and which state of lost.js it tells; null: the server cannot be reached, or the connection broke
 * before the end of the text. */
export const get = (address) => ask(address, { headers: { accept: "text/html", ...ofPage }, signal: AbortSignal.timeout(PATIENCE) });

/** Tell the server something, also while the page is left; the answer as of `get`. */
export const post = (address, body) => ask(address, { method: "POST", headers: { accept: "application/json", ...ofPage }, body, keepalive: true, signal: AbortSignal.timeout(PATIENCE_TOLD) });

async function ask(address, how) {
  const heard = question();
  let answer = null;
  let text = "";
  try {
    answer = await fetch(address, how);
    text = await answer.text();
  } catch {
    answer = null; // the banner tells it
  }
  const state = heard(answer);
  return answer && { answer, text, state };
}
