import { keep, kept, keyOf } from "./drafts.js";

// The variables of a prompt are buttons that write themselves at the cursor.

for (const names of document.querySelectorAll(".variables")) {
  const prompt = document.getElementById(names.dataset.into);
  for (const code of names.querySelectorAll("code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = code.textContent;
    button.addEventListener("click", () => {
      prompt.setRangeText(code.textContent, prompt.selectionStart, prompt.selectionEnd, "end");
      prompt.focus();
    });
    code.replaceWith(button);
  }
}

// A draft of a profile is kept in this tab until it was stored; logging out removes it, as it does the words of chats.

const form = document.querySelector("form.profile");
const base = form?.elements.namedItem("base")?.value;
const key = form && keyOf({ action: `${location.origin}${location.pathname.split("/trials/")[0]}@${base}` });

const keepAll = () => keep(key, [...new FormData(form)].filter(([name]) => name !== "base"));

function restore() {
  for (const [name, value] of kept(key) ?? []) {
    const input = form.elements.namedItem(name);
    if (input && input.type !== "checkbox") input.value = value;
  }
}

if (form && !form.querySelector("fieldset").disabled) {
  if (document.querySelector(".told")) keep(key, null);
  else if ("draft" in form.dataset) keepAll(); // the server gave it back
  else restore();
  form.addEventListener("input", keepAll);
  form.querySelector(".orders a").addEventListener("click", () => keep(key, null));
}
