// Asks the server for a page, or for a part of one.

import { question } from "./lost.js";

const PATIENCE = 30_000; // ms until a server that says nothing counts as away

/** The answer and its text; null: the server cannot be reached, or the connection broke before the end of the text. The
 * banner tells the reader that, and the end of the session. */
export async function get(address) {
  const server = question();
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE) });
    const text = await answer.text();
    if (answer.redirected && new URL(answer.url).pathname === "/login") server.out();
    else server.there();
    return { answer, text };
  } catch {
    server.away();
    return null;
  }
}
