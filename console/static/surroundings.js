// The state of recado itself on the page: the author of the replies, and whether it works.

import { el } from "./elements.js";
import { _, around } from "./words.js";

const find = (id) => document.getElementById(id);
const STATES = { ready: _("ready"), waiting: _("not ready"), lost: _("no connection"), slow: _("not live"), trouble: _("trouble"), connecting: _("connecting") };

/** Name the model; where it is not what one would want in earnest, say what it is and what to set. */
export function showModel({ name, server, local, scripted }) {
  find("model").textContent = scripted ? _("scripted replies") : local ? _("%(model)s on this machine", { model: name }) : _("%(model)s at %(server)s", { model: name, server: server || "OpenAI" });
  const banner = find("banner");
  banner.hidden = !(local || scripted);
  if (local) {
    banner.replaceChildren(
      el("strong", {}, _("A very small local model answers (%(model)s).", { model: name })),
      " ",
      ...around(_("It runs on this machine, costs nothing and is often wrong. For OpenAI, put %(setting)s into .env and start recado again."), { setting: el("code", {}, "OPENAI_API_KEY=sk-…") }),
    );
  } else if (scripted) {
    banner.replaceChildren(
      el("strong", {}, _("No model answers: these are scripted replies, for a first look.")),
      " ",
      ...around(_("For OpenAI, put %(setting)s into .env, take %(other)s out, and start recado again."), {
        setting: el("code", {}, "OPENAI_API_KEY=sk-…"),
        other: el("code", {}, "OPENAI_API_MODE=scripted"),
      }),
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
  trouble.textContent = state === "waiting" ? _("recado takes no work now: %(reasons)s.", { reasons: why }) : why;
}
