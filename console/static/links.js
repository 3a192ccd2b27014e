// Links of the inbox change the panes in place. Without this script they load the page.

import { isPlain } from "./dialogs.js";
import { narrow, open } from "./panes.js";

const INBOX = /^\/desk(\/chats\/[^/]+\/[^/]+)?$/;

document.addEventListener("click", async (click) => {
  const link = click.target.closest(".panes a[href]");
  if (!link || !isPlain(click)) return;
  const { origin, pathname, search, hash } = new URL(link.href);
  if (origin !== location.origin || !INBOX.test(pathname)) return;
  if (hash && pathname + search === location.pathname + location.search) return; // the browser goes there
  click.preventDefault();
  if (link.closest(".filters, .narrow, #listed .pages, #listed .note, #listed .nothing")) await narrow(link.href, link);
  else if ((await open(link.href)) && !hash) focusPane();
});

document.addEventListener("submit", (submitted) => {
  const form = submitted.target;
  if (!form.matches("#list .search")) return;
  submitted.preventDefault();
  narrow(`${form.action}?${new URLSearchParams(new FormData(form))}`, document.activeElement);
});

/** The keyboard goes on in the pane that the link led to. */
function focusPane() {
  const { pane } = document.querySelector(".panes").dataset;
  const place = document.querySelector(pane === "person" ? "#person" : pane === "list" ? "#list" : ".answer");
  place?.focus({ preventScroll: true });
}
