// Asks the server for a page, or for a part of one, and tells it a little. Each answer is heard by the banner.

import { question } from "./lost.js";
import { ofPage } from "./whose.js";

const PATIENCE = 30_000; // ms until a server that says nothing counts as away
const PATIENCE_TOLD = 60_000; // the same of one that has been told something
const LONGEST_KEPT = 32_000; // characters; browsers refuse keepalive above 64 KiB in all

/** The answer, its text, and which state of lost.js it tells; null: the server cannot be reached, or the connection broke
 * before the end of the text. */
export const get = (address) => ask(address, { headers: { accept: "text/html", ...ofPage }, signal: AbortSignal.timeout(PATIENCE) });

/** Tell the server something, also while the page is left if it is short; the answer as of `get`. One that is lost does
 * not tell that the server is away. */
export async function post(address, body) {
  const keepalive = String(body).length < LONGEST_KEPT;
  return ask(address, { method: "POST", headers: { accept: "application/json", ...ofPage }, body, keepalive, signal: AbortSignal.timeout(PATIENCE_TOLD) });
}

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
  const state = answer || how.method !== "POST" ? heard(answer) : null;
  return answer && { answer, text, state };
}
