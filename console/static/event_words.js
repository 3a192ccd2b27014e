// Events in plain words.

const REASONS = {
  from_me: "written by the owner",
  empty: "it is empty",
  unsupported_kind: "this kind of message is not answered",
  paused: "the chat is paused",
  stale: "it is too old",
  restored: "it was open in a backup that was put back",
  budget: "the tokens or the money for today are used up",
  unreadable: "it cannot be read",
  too_large: "its file is too large",
  unsupported: "files of its kind are not opened",
  not_fetched: "its file did not arrive",
  newer_version: "a newer version wrote it",
  malformed_chat: "its subject names no chat",
  other_chat: "it names another chat",
  nothing_to_retry: "there is nothing to retry",
  not_supported: "this is not built yet",
};

const FAULTS = {
  rate_limited: "the model's server asks to slow down",
  quota_exhausted: "the quota is used up",
  provider_error: "the model's server failed",
  timeout: "no answer in time",
  unreachable: "the model's server cannot be reached",
  bad_key: "the key was refused",
  unknown_model: "the model does not exist",
  context_too_long: "the conversation is too long for the model",
  refused: "the model refused",
  malformed_answer: "the answer made no sense",
  bad_request: "the request was refused",
};

const STEPS = {
  sending: "Handed to the phone network",
  accepted: "Accepted by the phone network",
  sent: "Sent to the phone",
  delivered: "Delivered to the phone",
  read: "Read",
  failed: "The phone network refused the reply",
  in_doubt: "Nobody knows whether the reply arrived",
  parked: "Parked: it is not sent any more",
};

const THREADS = {
  first: "A conversation was opened at the model",
  replaced: "The lost conversation was replaced",
  reset: "A new conversation was opened after the reset",
  switched: "The conversation moved to another model API",
  imported: "A conversation was taken over",
};

const WORDS = {
  in: (message, event) =>
    event.repeat ? "The same message again: counted, not answered twice" : `Message stored${(message.kind ?? "text") === "text" ? "" : `: ${message.kind}`}`,
  edit: () => "Message edited by its sender",
  revoke: () => "Message deleted by its sender",
  control: (control) => `Order: ${control.command}${control.by ? `, by ${control.by}` : ""}`,
  receipt: (receipt) =>
    STEPS[receipt.state] +
    (receipt.parts ? `, part ${receipt.part} of ${receipt.parts}` : "") +
    (receipt.template ? `, the template ${receipt.template} in its stead` : "") +
    (receipt.error ? `: ${receipt.error.detail ?? receipt.error.class}` : ""),
  turn_started: (turn) => (turn.messages.length > 1 ? `Turn started: ${turn.messages.length} messages are answered together` : "Turn started"),
  turn_adopted: () => "Turn adopted after a restart",
  thread_created: (thread) => THREADS[thread.reason] ?? "A conversation was opened at the model",
  media_read: (read) =>
    read.form === "nothing"
      ? `Its file cannot be shown to the model: ${reason(read.reason)}`
      : read.form !== "text" ? `The model is shown the ${read.form}` : read.model ? `Written down by ${read.model}` : "The text of the document was taken",
  run_started: (run) => (run.attempt > 1 ? `Run started at the model, attempt ${run.attempt}` : "Run started at the model"),
  tool_called: (call) => `The model asked for the tool ${call.name}`,
  tool_returned: (call) => (call.failed ? "The tool failed" : "The tool answered"),
  reply: (reply) =>
    reply.author === "operator" ? "Reply written by a person" : reply.author === "system" ? "Apology" : `Reply written${reply.model ? ` by ${reply.model}` : ""}${reply.fallback ? `, the second model (${reply.fallback})` : ""}${tokens(reply)}`,
  turn_failed: (failed) => `Turn failed: ${fault(failed.error.class)}`,
  ignored: (ignored) => `Ignored: ${reason(ignored.reason)}`,
  paused: (paused) => (paused.until ? `Paused until ${new Date(paused.until).toLocaleString()}` : "Paused until somebody resumes"),
  resumed: () => "Resumed",
  reset: () => "Reset",
  erased: () => "Erased",
};

/** One event. */
export function words(event) {
  if (event.payload.reason === "unshown") return `Cannot be shown (event ${event.seq})`;
  if (!event.known) return event.payload.reason ? "Bytes that are no event" : `Written by a newer version: ${event.type}`;
  return WORDS[event.type]?.(event.payload, event) ?? event.type;
}

/** Why a message got no reply. */
export function ending({ how, reason: why }) {
  return how === "turn_failed" ? `Not answered: ${fault(why)}` : `Ignored: ${reason(why)}`;
}

const OUTCOMES = { running: "answering", replied: "answered", failed: "failed", ignored: "ignored" };

/** How a turn stands: its name, and its seconds from its first event to its ending. */
export function outcome(group) {
  const took = group.ended ? (group.ended - group.events[0].at) / 1000 : null;
  return OUTCOMES[group.state] + (took === null ? "" : ` in ${took < 10 ? took.toFixed(2) : took.toFixed(0)} s`);
}

/** A reply's way so far, in one word. */
export const receipt = (state) => ({ in_doubt: "in doubt", accepted: "sent" })[state] ?? state;

const reason = (why) => REASONS[why] ?? why;
const fault = (name) => FAULTS[name] ?? name;

function tokens({ usage }) {
  const { input_tokens: read = 0, output_tokens: written = 0 } = usage ?? {};
  return read || written ? `, ${read} tokens read, ${written} written` : "";
}
