// Events in plain words. The tables with the words of reasons, which the desk has too, are in the page.

import { _, language, ngettext, written } from "./words.js";

const TABLES = JSON.parse(document.getElementById("tables").textContent);

const inWords = (table, name) => TABLES[table][name] ?? _("for a reason that this version does not know (%(name)s)", { name });

const STEPS = {
  sending: _("Handed to the phone network"),
  accepted: _("Accepted by the phone network"),
  sent: _("Sent to the phone"),
  delivered: _("Delivered to the phone"),
  read: _("Read"),
  failed: _("The phone network refused the reply"),
  in_doubt: _("It is not known whether the reply arrived"),
  parked: _("Parked: it is not sent any more"),
};

const THREADS = {
  first: _("A conversation was opened at the model"),
  replaced: _("The lost conversation was replaced"),
  reset: _("A new conversation was opened after the reset"),
  switched: _("The conversation moved to another model API"),
  imported: _("A conversation was taken over"),
};

const FORMS = {
  image: _("The model is shown the picture"),
  file: _("The model is shown the file"),
};

const NOTES = {
  paused: _("Answering is paused"),
  resumed: _("Answering goes on"),
  reset: _("A new conversation begins"),
  erased: _("The messages before were erased"),
};

const WORDS = {
  in: (message, event) =>
    event.repeat
      ? _("The same message again: counted, not answered twice")
      : kindOf(message.kind ?? "text") ? _("Message stored: %(kind)s", { kind: kindOf(message.kind) }) : _("Message stored"),
  edit: () => _("Message edited by its sender"),
  revoke: () => _("Message deleted by its sender"),
  control: ({ command, by }) => {
    const named = TABLES.commands[command] ?? command;
    return by ? _("Order: %(command)s, by %(name)s", { command: named, name: by }) : _("Order: %(command)s", { command: named });
  },
  receipt: ({ state, part, parts, template, error }, { detail }) => {
    const said = [
      STEPS[state] ?? state,
      parts ? _("part %(part)s of %(parts)s", { part, parts }) : null,
      template ? _("the template %(name)s in its place", { name: template }) : null,
    ];
    const way = said.filter(Boolean).join(", ");
    return error ? `${way}: ${refusal(error.class, detail)}` : way;
  },
  turn_started: ({ messages }) =>
    messages.length > 1 ? ngettext("Turn started: %(num)s message is answered", "Turn started: %(num)s messages are answered together", messages.length) : _("Turn started"),
  turn_adopted: () => _("Turn adopted after a restart"),
  thread_created: ({ reason }) => THREADS[reason] ?? THREADS.first,
  media_read: (read) => {
    if (read.form === "nothing") return _("Its file cannot be shown to the model: %(reason)s", { reason: inWords("reasons", read.reason) });
    if (read.form !== "text") return FORMS[read.form] ?? FORMS.file;
    return read.model ? _("Written down by %(model)s", { model: read.model }) : _("The text of the document was taken");
  },
  run_started: ({ attempt }) => (attempt > 1 ? _("Run started at the model, attempt %(number)s", { number: attempt }) : _("Run started at the model")),
  tool_called: ({ name }) => _("The model asked for the tool %(name)s", { name }),
  tool_returned: ({ failed }) => (failed ? _("The tool failed") : _("The tool answered")),
  reply: (reply) => {
    if (reply.author === "operator") return _("Reply written by a person");
    if (reply.author === "system") return _("Apology");
    const said = [
      reply.model ? _("Reply written by %(model)s", { model: reply.model }) : _("Reply written"),
      reply.fallback ? _("the second model, since %(reason)s", { reason: inWords("faults", reply.fallback) }) : null,
      tokens(reply),
    ];
    return said.filter(Boolean).join(", ");
  },
  turn_failed: ({ error }) => _("Turn failed: %(reason)s", { reason: inWords("faults", error.class) }),
  ignored: ({ reason }) => _("Ignored: %(reason)s", { reason: inWords("reasons", reason) }),
  paused: ({ until }) => (until ? _("Paused until %(time)s", { time: new Date(until).toLocaleString(language) }) : _("Paused until a user resumes it")),
  resumed: () => _("Resumed"),
  reset: () => _("Reset"),
  erased: () => _("Erased"),
  attention: () => _("A human was asked for"),
  approved: () => _("The person was let in"),
  blocked: () => _("The chat was blocked"),
  joined: () => _("Two chats of one person became one"),
  assigned: ({ to }) => (to ? _("Assigned to %(name)s", { name: to }) : _("Assigned to no user")),
  noted: () => _("A note beside the chat"),
  labelled: () => _("The labels were changed"),
  resolved: () => _("The state of the work was changed"),
};

/** One event. */
export function words(event) {
  if (event.payload.reason === "unshown") return _("This cannot be shown (event %(number)s).", { number: event.seq });
  if (!event.known) return event.payload.reason ? _("Bytes that are no event") : _("Written by a newer version: %(type)s", { type: event.type });
  return WORDS[event.type]?.(event.payload, event) ?? event.type;
}

/** The reason why a message got no reply. */
export function ending({ how, reason }) {
  if (how === "turn_failed") return _("not answered: %(reason)s", { reason: inWords("faults", reason) });
  return _("Ignored: %(reason)s", { reason: inWords("reasons", reason) });
}

/** A line of the chat that neither side wrote. */
export const noteOf = ({ kind, seq }) => NOTES[kind] ?? _("This cannot be shown (event %(number)s).", { number: seq });

/** The kind of a message; empty for words alone. */
export const kindOf = (kind) => TABLES.kinds[kind] ?? kind;

const OUTCOMES = { running: _("answering"), replied: _("answered"), failed: _("failed"), ignored: _("ignored") };

/** The state of a turn, and the seconds from its first event to its ending. */
export function outcome(group) {
  if (!group.ended) return OUTCOMES[group.state];
  const took = (group.ended - group.events[0].at) / 1000;
  return _("%(state)s in %(seconds)s s", { state: OUTCOMES[group.state], seconds: written(took, took < 10 ? 2 : 0) });
}

/** A reply's way so far, in one word. */
export const receipt = (state) => TABLES.sent[state] ?? state;

function refusal(name, detail) {
  const reason = name ? inWords("not_sent", name) : null;
  return reason && detail ? _("%(reason)s (%(detail)s)", { reason, detail }) : (reason ?? (detail || _("no reason is given")));
}

function tokens({ usage }) {
  const { input_tokens: read = 0, output_tokens: out = 0 } = usage ?? {};
  return read || out ? _("%(read)s tokens read, %(written)s written", { read: written(read), written: written(out) }) : null;
}
