import { DRAFT } from "./drafts.js";

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
const key = form && `${DRAFT}${location.pathname.split("/trials/")[0]}@${base}`;

function keep() {
  try {
    sessionStorage.setItem(key, JSON.stringify([...new FormData(form)].filter(([name]) => name !== "base")));
  } catch {
    // A browser without storage: the draft lives as long as the page.
  }
}

function restore() {
  let draft = null;
  try {
    draft = JSON.parse(sessionStorage.getItem(key));
  } catch {
    // as above
  }
  for (const [name, value] of draft ?? []) {
    const input = form.elements.namedItem(name);
    if (input && input.type !== "checkbox") input.value = value;
  }
}

if (form && !form.querySelector("fieldset").disabled) {
  if (document.querySelector(".told")) sessionStorage.removeItem(key);
  else if ("draft" in form.dataset) keep(); // the server gave it back
  else restore();
  form.addEventListener("input", keep);
  form.querySelector(".orders a").addEventListener("click", () => sessionStorage.removeItem(key));
}
