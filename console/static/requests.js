// The requests of the page.

import { ofPage } from "./whose.js";
import { _ } from "./words.js";

/** A request that was answered with a refusal; `status` 0: no answer came. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(path, body) {
  let response;
  try {
    response = await fetch(path, body === undefined ? { headers: ofPage } : { method: "POST", headers: { "Content-Type": "application/json", ...ofPage }, body: JSON.stringify(body) });
  } catch {
    throw new Refused(0, _("recado does not answer."));
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new Refused(response.status, answer?.error ?? _("recado answered with the error %(status)s.", { status: response.status }));
  return answer;
}

const path = (chat, what) => `/api/chats/${encodeURIComponent(chat)}/${what}`;

export const overview = () => ask("/api/overview");
export const history = (chat, before) => ask(path(chat, "history") + (before ? `?before=${before}` : ""));
export const write = ({ id, text, tap }, chat) => ask("/api/messages", { id, chat, text, ...(tap && { tap }) });
export const seen = (chat, replies) => ask(path(chat, "seen"), { replies });
