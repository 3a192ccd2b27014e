// For whom the server made this page. All that the page asks for says so, and the server refuses it to another user.

/** The user; undefined: nobody was logged in. */
export const { user } = document.body.dataset;

/** What each request says. */
export const ofPage = user ? { "recado-page-of": user } : {};

/** A stream of the page; a browser asks for it again by itself, also when another user has logged in since. */
export function openStream(address) {
  const url = new URL(address, location.href);
  if (user) url.searchParams.set("page_of", user);
  return new EventSource(url);
}
