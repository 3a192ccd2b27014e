// The files of the composer: chosen, dropped or pasted, shown before they are sent, taken away again. They are held by
// the form's own file field, so the form is sent as it would be without this script. They are kept for each chat as long
// as the page lives.

import { el } from "./elements.js";
import { _ } from "./words.js";

const held = new Map(); // files by the key of their chat
const shown = new WeakMap(); // the address of a picture that is shown, by its file

export const holdsFiles = (form) => [...(form?.querySelectorAll("input[type=file]") ?? [])].some(({ files }) => files.length > 0);

export const forgetFiles = (key) => held.delete(key);

/** Put files into a field, as if a person had chosen them. */
export function put(field, files) {
  const carrier = new DataTransfer();
  for (const file of files) carrier.items.add(file);
  field.files = carrier.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Take the form of the chat `key` that is on the page now. `say` tells a sentence beside the field. */
export function showFiles(form, key, say) {
  const field = form.querySelector("#files");
  const list = form.querySelector(".attached");
  if (!field) return;
  let files = held.get(key) ?? [];

  const take = (all) => {
    const most = Number(form.dataset.files);
    files = all.slice(0, most);
    let total = 0;
    files = files.filter(({ size }) => (total += size) <= Number(form.dataset.most));
    const left = all.filter((file) => !files.includes(file));
    held.set(key, files);
    put(field, files);
    draw();
    const names = left.map(({ name }) => name).join(", ");
    const size = Number(form.dataset.most) / 1e6;
    if (names) say(_("Left out: %(names)s. At most %(most)s files go at once, of %(size)s MB together.", { names, most, size }));
  };
  const add = (fresh) => take([...files, ...fresh]);
  const draw = () => {
    list.hidden = !files.length;
    list.replaceChildren(...files.map((file) => item(file, () => take(files.filter((one) => one !== file)))));
  };

  form.addEventListener("emptied", () => take([]));
  field.addEventListener("change", () => {
    if (field.files.length !== files.length || [...field.files].some((file, at) => file !== files[at])) add([...field.files].filter((file) => !files.includes(file)));
  });
  form.addEventListener("paste", (pasted) => {
    if (!pasted.clipboardData?.files.length) return;
    pasted.preventDefault();
    add(pasted.clipboardData.files);
  });
  const pane = form.closest(".pane") ?? form;
  const isOfFiles = (drag) => drag.dataTransfer?.types.includes("Files");
  pane.addEventListener("dragover", (drag) => {
    if (!isOfFiles(drag)) return;
    drag.preventDefault();
    form.classList.add("drop");
  });
  pane.addEventListener("dragleave", (drag) => !pane.contains(drag.relatedTarget) && form.classList.remove("drop"));
  pane.addEventListener("drop", (drop) => {
    if (!isOfFiles(drop)) return;
    drop.preventDefault();
    form.classList.remove("drop");
    add(drop.dataTransfer.files);
  });
  if (files.length) take(files);
}

function item(file, remove) {
  const isPicture = /^image\/(jpeg|png|webp|gif)$/.test(file.type);
  if (isPicture && !shown.has(file)) shown.set(file, URL.createObjectURL(file));
  const button = el("button", { type: "button", "aria-label": _("Take %(name)s away", { name: file.name }) }, "×");
  button.addEventListener("click", remove);
  return el("li", {}, isPicture ? el("img", { src: shown.get(file), alt: "" }) : null, el("bdi", { dir: "auto" }, file.name), el("small", {}, sizeOf(file.size)), button);
}

const sizeOf = (bytes) => (bytes < 1000 ? _("%(num)s bytes", { num: bytes }) : bytes < 999_500 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
