// Asks the server for a page, or for a part of one.

const PATIENCE = 30_000; // ms until a server that says nothing counts as away

/** The answer and its text; null: the server cannot be reached, or the connection broke before the end of the text. */
export async function get(address) {
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE) });
    return { answer, text: await answer.text() };
  } catch {
    return null; // the banner tells it
  }
}
