"""Replies that are given up: those that a human overtook, and those that the network refuses with a code in no list for
too long."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from msgspec.structs import replace
from prometheus_client import Counter

from chat.takeover import TAKEN_OVER
from events.details import Detail
from events.inbound import ReceiptError
from gateways.delivery.ledger import UNKNOWN, PendingReply
from gateways.delivery.sender import Outcome

GIVE_UP_AFTER = timedelta(hours=12)
"""Time from the first such refusal, by the log's stamps, unless the gateway gives another limit."""

log = structlog.get_logger("recado.gateway")

UNSENT = Counter(
    "recado_replies_unclear",
    "Replies that a gateway parked, or that failed with an unknown code: a person has to look at them",
    ["account", "state"],
)


def is_unknown(error: ReceiptError | None) -> bool:
    """True if the error has a code in no list."""
    return error is not None and error.class_ == UNKNOWN


def tell_unsent(account: str, reply: str, outcome: Outcome) -> None:
    """Log and count a reply that is not sent again by itself, and of which nobody knows whether, or why not."""
    state, error = outcome.state, outcome.error
    if state != "parked" and not (state == "failed" and is_unknown(error)):
        return
    UNSENT.labels(account, state).inc()
    log.error(
        "reply_unclear",
        account=account,
        reply=reply[:64],
        state=state,
        reason=error.class_ if error is not None else None,
        code=error.code if error is not None else None,
        detail=error.detail if error is not None else None,
        help="look with recado why REPLY; if it did not arrive, send it by hand: recado send CHAT TEXT",
    )


def left_to_a_human(pending: PendingReply) -> Outcome | None:
    """The outcome of a reply that is not sent, or not tried again, because a human has the chat; None: it is sent."""
    if pending.overtaken:
        return Outcome("failed", error=ReceiptError(class_=TAKEN_OVER, detail=Detail.TAKEN_OVER.said()))
    return Outcome("later", error=pending.refused) if pending.left and pending.refused is not None else None


def given_up(pending: PendingReply, outcome: Outcome, now: datetime, after: timedelta) -> Outcome:
    """The outcome of another try: `failed` in place of `later` if a human has the chat, or the time is over."""
    if outcome.state != "later" or outcome.error is None or not is_unknown(outcome.error):
        return outcome
    if pending.left:
        return Outcome("failed", error=replace(outcome.error, class_=TAKEN_OVER))
    if now - (pending.refused_at or now) >= after:
        return Outcome("failed", error=outcome.error)
    return outcome
