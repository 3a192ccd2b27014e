// Words that are kept in this tab are of the user who typed them: a user who logs in later does not find them.

export const DRAFT = "draft:";
const WHOSE = "user";

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

const { user } = document.body.dataset;
try {
  const before = sessionStorage.getItem(WHOSE);
  if (user && before !== user) {
    if (before !== null) forgetDrafts();
    sessionStorage.setItem(WHOSE, user);
  }
} catch {
  // A browser without storage keeps no drafts.
}
