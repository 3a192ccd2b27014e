"""Counts and logs the decisions that are in the log."""

from __future__ import annotations

import structlog

from actors import metrics
from events.decisions import TYPE_OF, Decision, Ignored, TurnError, TurnFailed
from events.subjects import ChatKey

log = structlog.get_logger("recado.actors")


def note(key: ChatKey, decision: Decision) -> None:
    """Take note of a decision about the chat `key`."""
    metrics.decisions_of[TYPE_OF[type(decision)]].inc()
    match decision:
        case Ignored(reason="broken") | TurnFailed(error=TurnError(class_="broken")):
            metrics.set_aside.inc()
            log.error("set_aside", chat=key.chat, decision=TYPE_OF[type(decision)])
        case Ignored():
            log.info("ignored", chat=key.chat, reason=decision.reason, messages=decision.messages)
        case TurnFailed():
            fault = {"error_class": decision.error.class_, "detail": decision.error.detail}
            log.warning("turn_failed", chat=key.chat, turn=decision.turn, **fault)
        case _:
            pass
