"""Bounds after which a chat sets aside a turn, an order or messages that break recado."""

from __future__ import annotations

import msgspec

from chat.state import Chat
from events.decisions import Decision, Ignored, TurnError, TurnFailed

BROKEN = "broken"
"""The reason of such an ending, and the class of such a failure."""

MOST_ADOPTIONS = 5
"""Adoptions of a turn, without a decision of its own in between, after which it counts as broken. The log counts them,
because a crash loses any other count."""

MOST_BREAKS = 3
"""Times in a row that an actor breaks, within one process, before it sets something aside."""


class SetAside(msgspec.Struct, frozen=True, gc=False):
    """End the turn that breaks recado, else the first order, else the waiting messages."""


class Held(msgspec.Struct, frozen=True, gc=False):
    """The events that an ending sets aside.

    - `seqs`: sequences of messages and orders
    - `messages`: ids of a turn's messages, whose sequences the state does not have
    """

    seqs: tuple[int, ...] = ()
    messages: tuple[str, ...] = ()


def held_by(chat: Chat, decision: Decision) -> Held:
    """The events that `decision`, made in the state `chat`, ends as broken."""
    match decision:
        case Ignored(reason=reason, messages=messages, cause=cause) if reason == BROKEN:
            waiting = tuple(message.seq for message in chat.waiting if message.id in messages)
            return Held(waiting + tuple(order.seq for order in chat.orders if order.control.id == cause))
        case TurnFailed(error=TurnError(class_=class_), messages=messages) if class_ == BROKEN:
            return Held(messages=messages)
        case _:
            return Held()
