// Words that are kept in this tab are of the user who typed them: a user who logs in later does not find them.

export const DRAFT = "draft:";
const WHOSE = "user";

export function forgetDrafts() {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(DRAFT)) sessionStorage.removeItem(name);
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
