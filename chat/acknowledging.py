"""A reaction to the person's message when its turn starts: it says that the message was seen, and is no answer. Pure.

The state keeps the message, so neither another instance that goes on with the turn, nor a turn in its place, reacts to
it again.
"""

from __future__ import annotations

from chat.commands import Facts
from chat.notices import say
from chat.parts import parts_of, plain
from chat.state import Chat
from chat.turn import Turn
from chat.waiting_word import may_hear
from chat.work import Acknowledge, Rules
from events.decisions import Reply
from events.parts import Part

_MARK = ".k"


def is_one(reply: str) -> bool:
    """True if the reply of this id is such a reaction."""
    return reply.endswith(_MARK)


def to_acknowledge(chat: Chat, turn: Turn, rules: Rules) -> Acknowledge | None:
    """The reaction that is due; None if there is none."""
    if not rules.acknowledge or turn.is_void or chat.acknowledged == turn.messages[-1] or not may_hear(chat):
        return None
    return Acknowledge(turn.id, turn.messages[-1], rules.acknowledge)


def acknowledge(chat: Chat, due: Acknowledge, facts: Facts) -> Reply | None:
    turn = chat.turn
    if turn is None or turn.id != due.turn or chat.acknowledged == due.message or not may_hear(chat):
        return None
    part = Part(kind="reaction", to=due.message, emoji=due.emoji)
    return say(facts, reply=due.turn + _MARK, text=plain(part), author="system", about=due.turn, parts=(part,))


def acknowledged_by(reply: Reply) -> str:
    """The message that the reply reacts to; empty if it is another reply."""
    if reply.author != "system" or not is_one(reply.id):
        return ""
    return next((part.to or "" for part in parts_of(reply) if part.kind == "reaction"), "")
