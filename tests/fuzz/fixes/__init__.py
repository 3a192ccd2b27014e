"""Inputs that did harm once, and how each fix against them is taken out again.

Of some a part of recado has to break: then the fix is the rule by which that stops nobody (`rule`), and the judge
forgives what is set aside.
"""

from __future__ import annotations

from tests.fuzz.fixes import events, models, sending
from tests.fuzz.fixes.fix import Fix

FIXES: dict[str, Fix] = {
    "a file's fault is no word for bytes": Fix(events.silent_file, events.without_vocabularies, "actor_broke"),
    "an id names no bytes": Fix(events.id_of_bytes, events.without_malformed_id, "no dead letter"),
    "numbers have bounds": Fix(events.wild_number, events.without_bounds, "event_set_aside"),
    "a table sets aside": Fix(events.wild_number, events.without_setting_aside, "recado ended", events.without_bounds),
    "nobody is told of bytes": Fix(events.bytes_alone, events.without_silence, "told of bytes"),
    "a fold sets aside": Fix(events.poisoned_edit, events.without_fold_rule, "recado ended", events.breaking_fold),
    "a chat sets aside": Fix(
        events.poisoned_message, events.never_set_aside, "without an ending", events.breaking_decision
    ),
    "what cannot be sent is parked": Fix(
        sending.deep_reply, sending.without_parking, "recado ended", sending.breaking_texts
    ),
    "a reply has a longest length": Fix(sending.long_reply, sending.without_longest, "more than 12 messages"),
    "a ledger sets aside": Fix(
        events.poisoned_edit, sending.without_ledger_rule, "recado ended", sending.breaking_ledger
    ),
    "arguments are not deep": Fix(models.deep_arguments, models.without_depth, "actor_broke"),
    "a tool raises anything": Fix(models.leaving_tool, models.without_tool_rule, "3|tool_broke"),
    "tokens have bounds": Fix(models.wild_tokens, models.without_token_bounds, "without an ending|actor_broke"),
    "a model's answer is checked": Fix(models.deep_answer, models.without_checked_answers, "actor_broke"),
    "Graph's answer is checked": Fix(sending.deep_graph, sending.without_checked_graph, "reply_broken"),
    "services are asked under tools.": Fix(models.strange_subject, models.without_prefix, "with its own rights"),
    "no service takes a name of recado's": Fix(models.taken_name, models.without_built_in, "a name of recado's own"),
    "a webhook is checked": Fix(sending.deep_webhook, sending.without_checked_webhooks, "503"),
}
