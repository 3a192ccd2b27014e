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
