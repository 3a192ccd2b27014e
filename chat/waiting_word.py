"""The word to a person whose answer takes a while: once in a turn, while the answer is still being tried.

It ends no message and is no context. The state keeps that it was said, so neither another instance that goes on with
the turn nor a turn in its place says it again. It is no part of the turn: a change there would begin the request again.
"""

from __future__ import annotations

from datetime import datetime

from chat.state import Chat
from chat.takeover import is_handed_off, word_by_hand
from chat.turn import Turn
from chat.work import Rules, TellToWait
from events.decisions import Reply


def id_of(turn: str) -> str:
    """The id of the reply that tells the person of `turn` to wait."""
    return f"{turn}.w"


def to_tell(chat: Chat, turn: Turn, now: datetime, rules: Rules) -> TellToWait | None:
    """The word that is due later or now; None if none is to be said, whatever the time."""
    if not rules.wait_told_after or turn.began is None or not may_be_told(chat, turn.id):
        return None
    at = turn.began + rules.wait_told_after
    hours = rules.gates.hours
    return TellToWait(turn.id, at) if hours is None or hours.are_open(max(now, at)) else None


def may_be_told(chat: Chat, turn: str) -> bool:
    """True if this turn runs, and its person was not told yet and may hear of recado."""
    running = chat.turn
    if running is None or running.id != turn or chat.told_to_wait == turn or running.is_void:
        return False
    return may_hear(chat)


def may_hear(chat: Chat) -> bool:
    """True if the person may hear of recado itself: they did not say stop, are not blocked, and no human has the chat
    or was asked for."""
    is_shut = chat.stopped or chat.admission == "blocked" or chat.pause is not None or chat.erasing is not None
    return not (is_shut or chat.hand is not None or is_handed_off(chat) or word_by_hand(chat) is not None)


def is_said_by(reply: Reply, turn: str) -> bool:
    """True if the reply told the person of `turn` to wait."""
    return reply.author == "system" and reply.about == turn and reply.id == id_of(turn)
