// Building elements. Text always becomes a text node: nothing that a person or a model wrote is ever markup.

/** An element with attributes and children (elements or texts; null and undefined are left out). */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined).map((child) => (child instanceof Node ? child : unturned(String(child)))));
  return element;
}

/** The text without characters that turn the words after them around, as chat/unseen.py has it. */
const unturned = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");

const SVG = "http://www.w3.org/2000/svg";

/** An icon of strokes on a 24 × 24 grid. */
export function icon(...paths) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** Put `wanted` into `parent` in this order and remove all else, touching only what is out of place. */
export function arrange(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  wanted.forEach((child, at) => {
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] ?? null);
  });
}

/** Initials for an avatar. */
export function initials(name) {
  const words = name.replace(/[^\p{L}\p{N} ]/gu, "").split(" ").filter(Boolean);
  return (words.length > 1 ? words[0][0] + words.at(-1)[0] : (words[0] ?? "?").slice(0, 2)).toUpperCase();
}

/** `5511999999999@s.whatsapp.net` as a person reads it. */
export function readableChat(chat) {
  const [user, server] = chat.split("@");
  return server === "s.whatsapp.net" ? `+${user}` : chat;
}

export function clock(at, precise = false) {
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", ...(precise && { second: "2-digit" }), hour12: false });
  return precise ? `${time}.${String(at.getMilliseconds()).padStart(3, "0")}` : time;
}
