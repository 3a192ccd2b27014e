// Words that are kept in this tab are of the user who typed them: another user who logs in does not find them, and the
// first one does, after the next login.

import { user } from "./whose.js";

export const DRAFT = `draft:${user ?? ""}:`;

export function forgetDrafts() {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(DRAFT)) sessionStorage.removeItem(name);
}

/** A chat has closed into another one, whose address is `to`: what was typed goes on there, unless something is there. */
export function carryDrafts(from, to) {
  const [old, now] = [from, to].map((address) => `${new URL(address, location.href).pathname}/orders`);
  if (old === now || !now.startsWith("/desk/chats/")) return;
  try {
    for (const name of Object.keys(sessionStorage).filter((one) => one.startsWith(DRAFT) && one.endsWith(`:${old}`))) {
      const other = name.slice(0, -old.length) + now;
      if (sessionStorage.getItem(other) !== null) continue;
      sessionStorage.setItem(other, sessionStorage.getItem(name));
      sessionStorage.removeItem(name);
    }
  } catch {
    // A browser without storage keeps no drafts.
  }
}
