// The desk without script is whole; with it, pages keep themselves up to date, times are local, and keys work.

import { onEnter } from "./composer.js";
import "./keys.js";
import "./dialogs.js";
import "./looking.js";
import { announce } from "./news.js";
import "./notes.js";
import "./orders.js";
import "./panes.js";
import "./profile.js";
import "./reading.js";
import { keepUp } from "./refresh.js";
import "./links.js";
import { localTimes } from "./times.js";

localTimes(document);
if (!document.querySelector(".panes")) keepUp(document);
const told = document.querySelector(".told");
if (told) setTimeout(() => announce(told.textContent), 100); // a live region tells changes alone

document.addEventListener("keydown", (pressed) => {
  if (pressed.key === "Enter" && !pressed.shiftKey && !pressed.isComposing && pressed.target.id === "text") onEnter(pressed);
});
