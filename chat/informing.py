"""Orders to send that take no chat over: a program informs the person, and the assistant says it. Pure.

Such a reply ends no message, stops no turn and begins no pause. It is context, and no answer.
"""

from __future__ import annotations

from datetime import datetime

from chat.commands import Facts
from chat.gates import silenced
from chat.state import Chat
from chat.takeover import TAKEN_OVER, is_handed_off
from events.decisions import Reply
from events.reasons import IgnoredReason


def is_informing(reply: Reply) -> bool:
    """True if a program gave the assistant these words."""
    return reply.author == "assistant" and reply.turn is None and reply.cause is not None


def not_informed(chat: Chat, facts: Facts) -> IgnoredReason | None:
    """The reason for which the person is told nothing now; None: they are told.

    A pause by order is meant for all that recado says by itself. One whose time is over holds no more, unless the
    person was promised a human.
    """
    if not facts.informs:
        return "older_instance"
    if facts.is_blocked:
        return "blocked"
    if (reason := silenced(chat)) is not None:
        return reason
    if chat.opted_out:
        return "opted_out"
    if is_handed_off(chat):
        return TAKEN_OVER
    pause = chat.pause
    if pause is None or _is_over(pause.until, facts.at):
        return None
    return TAKEN_OVER if pause.reason == TAKEN_OVER else "paused"


def _is_over(until: datetime | None, now: datetime) -> bool:
    return until is not None and now >= until
