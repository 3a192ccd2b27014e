// Brings a part of the page up to what the server says now, and touches only what differs. Elements stay the same
// elements, so that the keyboard's focus, a selection and a screen reader's place stay where they are.

/** Make the children of `parent` those of `fresh`. Elements with an id, and list items with a link, are matched by it;
 * elements with data-keep stay as they are. */
export function patch(parent, fresh) {
  const keyed = new Map();
  const others = [];
  for (const node of parent.childNodes) {
    const key = keyOf(node);
    if (key && !keyed.has(key)) keyed.set(key, node);
    else others.push(node);
  }
  const wanted = [...fresh.childNodes].map((node) => {
    const key = keyOf(node);
    const at = key ? -1 : others.findIndex((old) => old.nodeName === node.nodeName);
    const same = key ? keyed.get(key) : others[at];
    if (!same || same.nodeName !== node.nodeName) return node;
    if (key) keyed.delete(key);
    else others.splice(at, 1);
    update(same, node);
    return same;
  });
  for (const gone of [...keyed.values(), ...others]) parent.removeChild(gone); // a form with a field named remove has no remove()
  place(parent, wanted);
}

// Not node.id: of a form with a field named id that is the field.
const keyOf = (node) =>
  node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("id") || node.querySelector(":scope > a[href]")?.getAttribute("href") : null;

/** Make an element, or a text, what `fresh` is. */
export function update(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.data = fresh.data;
    return;
  }
  if (old.hasAttribute("data-keep")) return;
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !isOfTheReader(old, name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !isOfTheReader(old, name)) old.setAttribute(name, value);
  }
  patch(old, fresh);
}

/** What the reader of the page changes, and no news from the server takes back. */
const isOfTheReader = (element, name) =>
  (element.nodeName === "DETAILS" && name === "open") || (/^(INPUT|OPTION)$/.test(element.nodeName) && /^(value|checked|selected)$/.test(name));

/** Put `wanted` into this order and move as few as can be: an element that is moved loses the focus and the selection,
 * so the one that has them is not moved at all. */
function place(parent, wanted) {
  const before = new Map([...parent.childNodes].map((node, at) => [node, at]));
  const still = unmoved(wanted.filter((node) => before.has(node)), before, heldIn(parent));
  let next = null;
  for (const node of wanted.toReversed()) {
    if (!still.has(node)) parent.insertBefore(node, next);
    next = node;
  }
}

/** The child with the focus, or else with the selection. */
function heldIn(parent) {
  const selection = document.getSelection();
  for (let node of [document.activeElement, selection.isCollapsed ? null : selection.anchorNode]) {
    while (node && node.parentNode !== parent) node = node.parentNode;
    if (node) return node;
  }
  return null;
}

/** The longest run of nodes that are in order already; `held` is one of them. */
function unmoved(nodes, before, held) {
  const pinned = nodes.indexOf(held);
  const fits = (node, at) => pinned < 0 || at === pinned || at < pinned === before.get(node) < before.get(held);
  const ends = []; // by length of the run: its last node so far, with the one before it
  for (const node of nodes.filter(fits)) {
    let length = ends.length;
    while (length > 0 && before.get(ends[length - 1].node) > before.get(node)) length -= 1;
    ends[length] = { node, previous: ends[length - 1] };
  }
  const still = new Set();
  for (let end = ends.at(-1); end; end = end.previous) still.add(end.node);
  return still;
}
