// What the page says of recado itself: who writes the replies, and whether it works.

import { el } from "./elements.js";

const find = (id) => document.getElementById(id);
const STATES = { ready: "ready", waiting: "not ready", lost: "no connection", slow: "not live", trouble: "trouble", connecting: "connecting" };

/** Name the model; where it is not what one would want in earnest, say what it is and what to set. */
export function showModel({ name, server, local, scripted }) {
  find("model").textContent = scripted ? "scripted replies" : local ? `${name} on this machine` : `${name} at ${server || "OpenAI"}`;
  const banner = find("banner");
  banner.hidden = !(local || scripted);
  if (local) {
    banner.replaceChildren(
      el("strong", {}, "A very small local model answers"),
      ` (${name}). It runs on this machine, costs nothing and is often wrong. For OpenAI, put `,
      el("code", {}, "OPENAI_API_KEY=sk-…"),
      " into .env and start recado again.",
    );
  } else if (scripted) {
    banner.replaceChildren(
      el("strong", {}, "No model answers:"),
      " these are scripted replies, for a first look. For OpenAI, put ",
      el("code", {}, "OPENAI_API_KEY=sk-…"),
      " into .env, take ",
      el("code", {}, "OPENAI_API_MODE=scripted"),
      " out, and start recado again.",
    );
  }
}

/** Whether recado works, and in words why not. */
export function showState(state, why = "") {
  const mark = find("state");
  mark.dataset.state = state;
  mark.textContent = STATES[state];
  const trouble = find("trouble");
  trouble.hidden = state === "ready" || !why;
  trouble.textContent = state === "waiting" ? `recado takes no work now: ${why}.` : why;
}
