// The desk by keyboard.

const search = () => document.querySelector("#q");

if (location.hash === "#q") search()?.focus();

document.addEventListener("keydown", (pressed) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(pressed.target.tagName);
  const alone = !pressed.ctrlKey && !pressed.metaKey && !pressed.altKey;
  if (pressed.key === "Escape" && typing) pressed.target.blur();
  if (pressed.key === "/" && !typing && alone) {
    pressed.preventDefault();
    if (search()?.checkVisibility()) search().focus();
    else location.href = "/desk#q";
  }
  if ((pressed.key === "ArrowDown" || pressed.key === "ArrowUp") && !typing && alone) {
    const links = [...document.querySelectorAll(".chats a, .found a")];
    const at = links.indexOf(document.activeElement) + (pressed.key === "ArrowDown" ? 1 : -1);
    if (links[at]) {
      pressed.preventDefault();
      links[at].focus();
    }
  }
});
