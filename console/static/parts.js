// The messages of a reply that are more than text, as a phone draws them. The same message gives the same elements, and
// whatever it says becomes text: nothing in a part is markup, and no address in it is fetched unless a person follows it.

import { el, icon, initials } from "./elements.js";
import { _, ngettext, written } from "./words.js";

const ICONS = {
  image: ["M4 5h16v14H4z", "m4 16 5-5 4 4 3-3 4 4", "M15.500 9h.01"],
  video: ["M4 6h11v12H4z", "m15 10 5-3v10l-5-3z"],
  audio: ["M9 18V6l10-2v12", "M9 18a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0", "M19 16a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0"],
  document: ["M6 3h8l4 4v14H6z", "M14 3v4h4", "M9 12h6M9 16h6"],
  sticker: ["M5 4h14v10l-5 6H5z", "M19 14h-5v6"],
  reply: ["m10 8-5 5 5 5", "M5 13h9a5 5 0 0 1 5 5v1"],
  list: ["M4 7h.01M4 12h.01M4 17h.01", "M9 7h11M9 12h11M9 17h11"],
  out: ["M14 5h5v5", "m19 5-8 8", "M18 14v5H5V6h5"],
  chosen: ["m5 12.500 5 5 9-11"],
  pin: ["M12 21s7-6.200 7-11.500a7 7 0 0 0-14 0C5 14.800 12 21 12 21z", "M14.500 9.500a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0"],
};

export const KIND_NAMES = { image: _("Picture"), video: _("Video"), audio: _("Audio"), document: _("Document"), sticker: _("Sticker") };

/** A message by its words alone, for quotes. */
export function wordsOf({ part }) {
  const named = part.kind === "document" ? part.filename : null;
  const words = [part.text, part.caption, named, part.kind === "reaction" ? part.emoji : null, part.name, part.address].find(Boolean);
  return words ?? (part.voice ? _("Voice message") : own(KIND_NAMES, part.kind) ?? (part.kind === "location" ? _("Location") : `[${part.kind}]`));
}

/** What is drawn in the bubble of a message, and under it.
 *
 * `seen` has `tapped`, the ids of the choices that the person made of it; `gone`, the addresses of files that are no
 * longer there; and `canTap`. */
export function drawn(bubble, seen) {
  const draw = own(DRAWN, bubble.part.kind);
  return draw ? draw(bubble.part, bubble, seen) : { body: words(wordsOf(bubble)) };
}

const own = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);

const DRAWN = {
  text: (part) => ({ body: words(part.text) }),
  image: (part, bubble, seen) => ({ body: file(part, bubble, seen, (src) => el("img", { src, alt: part.caption ? "" : KIND_NAMES.image })), wide: true }),
  sticker: (part, bubble, seen) => ({ body: file(part, bubble, seen, (src) => el("img", { src, alt: KIND_NAMES.sticker, class: "sticker" })), bare: true }),
  video: (part, bubble, seen) => ({ body: file(part, bubble, seen, (src) => el("video", { src, controls: true, preload: "metadata", "aria-label": KIND_NAMES.video })), wide: true }),
  audio: (part, bubble, seen) => ({ body: file(part, bubble, seen, (src) => el("audio", { src, controls: true, preload: "metadata", "aria-label": nameOf(part) })), wide: true }),
  document: (part, bubble, seen) => ({ body: file(part, bubble, seen, (href) => documentCard(part, bubble.size, href)), wide: true }),
  location: (part) => ({ body: place(part), wide: true }),
  contact: (part) => ({
    body: card(
      "contact",
      el("span", { class: "avatar", "aria-hidden": "true" }, initials(part.name ?? "")),
      el("strong", { dir: "auto" }, part.name ?? ""),
      ...(part.phones ?? []).map((phone) => el("span", { class: "soft" }, phone)),
    ),
    wide: true,
  }),
  choices: (part, _, seen) => ({ body: words(part.text), under: part.button ? list(part, seen) : buttons(part, seen) }),
  link: (part) => ({ body: words(part.text), under: el("div", { class: "under" }, address(part.url, "choice", icon(...ICONS.out), part.title ?? part.url)) }),
  template: (part) => ({
    body: [
      el("span", { class: "template" }, _("Template"), " ", el("code", {}, `${part.name} · ${part.language}`)),
      ...valuesOf(part.parameters).map((value) => el("span", { class: "value", dir: "auto" }, value)),
    ],
  }),
};

const words = (text) => [el("span", { class: "text", dir: "auto" }, text ?? "")];
const nameOf = (part) => (part.voice ? _("Voice message") : KIND_NAMES[part.kind]);

/** A card with a sign at its left and lines beside it. */
const card = (name, sign, ...lines) => [el("span", { class: `card ${name}` }, sign, el("span", { class: "lines-of" }, ...lines))];

function sign(...paths) {
  const holder = el("span", { class: "sign", "aria-hidden": "true" });
  holder.append(icon(...paths));
  return holder;
}

/** A file of the object store by `shows`; one at a foreign address as a link, which the page never fetches by itself. */
function file(part, { file: address_ }, seen, shows) {
  const caption = part.caption ? el("span", { class: "text caption", dir: "auto" }, part.caption) : null;
  if (address_ && !seen.gone.has(address_)) return [shows(address_), caption];
  const name = el("strong", { dir: "auto" }, part.filename ?? nameOf(part));
  const where = address_ || !part.url ? el("span", { class: "soft" }, _("The file cannot be shown.")) : address(part.url, "where", hostOf(part.url));
  return [...card("file", sign(...ICONS[part.kind]), name, where), caption];
}

function documentCard(part, size, href) {
  const [card_] = card(
    "file",
    sign(...ICONS.document),
    el("strong", { dir: "auto" }, part.filename ?? KIND_NAMES.document),
    el("span", { class: "soft" }, [typeOf(part), size ? sizeOf(size) : null].filter(Boolean).join(" · ")),
  );
  return el("a", { href, download: part.filename ?? "document", class: "download" }, card_);
}

function typeOf({ filename, mime }) {
  const ending = /\.([A-Za-z0-9]{1,5})$/.exec(filename ?? "")?.[1] ?? /\/([A-Za-z0-9]{1,5})$/.exec(mime ?? "")?.[1];
  return ending?.toUpperCase() ?? _("File");
}

/** Bytes as a person reads them. */
export function sizeOf(bytes) {
  if (bytes < 1000) return ngettext("%(num)s byte", "%(num)s bytes", bytes);
  return bytes < 999_500 ? `${Math.round(bytes / 1000)} kB` : `${written(bytes / 1e6, 1)} MB`;
}

/** A place: no map of others is fetched for it. */
function place(part) {
  const map = el("span", { class: "map", "aria-hidden": "true" });
  map.append(icon(...ICONS.pin));
  const at = `${part.latitude ?? "?"}, ${part.longitude ?? "?"}`;
  const lines = [part.name ? el("strong", { dir: "auto" }, part.name) : null, part.address ? el("span", { dir: "auto" }, part.address) : null, el("span", { class: "soft" }, at)];
  const url = `https://maps.google.com/?q=${encodeURIComponent(`${part.latitude},${part.longitude}`)}`;
  return [address(url, "place", map, el("span", { class: "lines-of" }, ...lines))];
}

function buttons(part, seen) {
  return el("div", { class: "under", role: "group", "aria-label": _("Answers") }, ...(part.choices ?? []).map((option, at) => choice(option, at, seen, icon(...ICONS.reply))));
}

function list(part, seen) {
  const rows = (part.choices ?? []).map((option, at) => el("li", {}, choice(option, at, seen, null)));
  const opener = el("summary", { class: "choice" }, part.button);
  opener.prepend(icon(...ICONS.list));
  return el("details", { class: "under list" }, opener, el("ul", {}, ...rows));
}

function choice(option, at, seen, mark) {
  const isChosen = seen.tapped.has(option.id);
  const button = el(
    "button",
    { type: "button", class: "choice", "data-option": String(at), "aria-disabled": isChosen || !seen.canTap ? "true" : null, "data-chosen": isChosen ? "" : null, "data-passed": !isChosen && seen.tapped.size > 0 ? "" : null },
    isChosen ? icon(...ICONS.chosen) : mark,
    el("span", { class: "title", dir: "auto" }, option.title),
    option.description ? el("span", { class: "soft", dir: "auto" }, option.description) : null,
    isChosen ? el("span", { class: "unseen" }, _("(chosen)")) : null,
  );
  return button;
}

/** A link that tells its owner nothing of the page; the words alone, if it is none that a browser may follow. */
function address(url, name, ...content) {
  const isSafe = /^https?:\/\//i.test(url ?? "") && URL.canParse(url);
  return isSafe ? el("a", { href: url, class: name, target: "_blank", rel: "noopener noreferrer nofollow" }, ...content) : el("span", { class: name }, ...content);
}

const hostOf = (url) => (URL.canParse(url) ? new URL(url).host : url);

function valuesOf(parameters) {
  const body = parameters?.body ?? [];
  const texts = Array.isArray(body) ? body : Object.entries(body).map(([name, text]) => `${name}: ${text}`);
  return [...(parameters?.header ?? []), ...texts];
}
