"""Outcome of an agent's turn that has ended: the answer, another attempt, or a failed turn of recado's."""

from __future__ import annotations

from collections.abc import Sequence

from backends.agents.session import Item, TokenCount, Turn
from backends.protocol import Answer, ErrorClass, ReplyFailed, RunLost, Usage
from backends.provider.client import cached, count
from backends.provider.errors import redacted
from backends.provider.told_wait import told_wait

_FINAL: dict[str, ErrorClass] = {
    "context_length_exceeded": "context_too_long",
    "max_output_tokens": "run_failed",
    "session_budget_exceeded": "quota_exhausted",
    "usage_limit_exceeded": "quota_exhausted",
    "project_spend_limit_exceeded": "quota_exhausted",
    "organization_spend_limit_exceeded": "quota_exhausted",
    "organization_usage_limit_exceeded": "quota_exhausted",
    "billing_not_active": "quota_exhausted",
    "credit_balance_exhausted": "quota_exhausted",
    "cyber_policy": "refused",
    "misalignment_policy_violation": "refused",
    "authentication_error": "bad_key",
    "invalid_request": "bad_request",
    "resource_not_found": "unknown_model",
}
"""Errors of a turn that another attempt would meet again; after any other error it may succeed."""

_BUSY = frozenset({"rate_limit_exceeded", "server_overloaded", "flex_unavailable"})


def answer(turn: Turn, items: Sequence[Item], model: str) -> Answer | None:
    """The agent's answer, from the turn's `items`, oldest first; None if it wrote nothing.

    Its comments on the way count only if there is no other text.
    """
    said = [item for item in items if item.type == "message" and item.role == "assistant"]
    final = [item for item in said if item.phase != "commentary"] or said
    text = "\n\n".join(words for item in final if (words := item.text.strip()))
    if not text:
        return None
    return Answer(text=text, model=model, run=turn.id, usage=_usage(turn))


def silent(turn: Turn, model: str) -> Answer:
    """The answer of a turn without a text."""
    return Answer(text="", model=model, run=turn.id, usage=_usage(turn))


def fruitless(turn: Turn, model: str = "") -> RunLost | ReplyFailed:
    """The error for a turn of `model` that ended without a reply: RunLost if another attempt may give one."""
    if turn.error is None:
        return RunLost(turn.id, turn.status, _usage(turn), model)
    detail = redacted(f"{turn.error.code}: {turn.error.message}", "")
    error_class = _FINAL.get(turn.error.code)
    if error_class is None:
        return RunLost(turn.id, detail, _usage(turn), model)
    return ReplyFailed(error_class, detail, _usage(turn), model)


def rest(turn: Turn, attempt: int) -> float:
    """Seconds to leave the provider alone after the `attempt`th attempt ended as `turn` did: those that it names, or
    some."""
    if turn.error is None or turn.error.code not in _BUSY:
        return 0.0
    told = told_wait(turn.error.message)
    return 2.0 * attempt if told is None else told


def _usage(turn: Turn) -> Usage:
    """Tokens of all requests of the agent's turn together."""
    tokens = turn.usage or TokenCount()
    return Usage(count(tokens.input_tokens), count(tokens.output_tokens), cached(tokens.input_tokens_details))
