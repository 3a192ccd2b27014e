"""The look-up before a model is asked, for models without tools: the best passages come before the question.

It is logged as a call of `look_up`, as if the model had made it, so a turn that goes on elsewhere answers from the same
passages. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from chat.built_in import LOOK_UP
from chat.commands import ToolAsked
from chat.context import Line
from chat.turn import Call, Starting, Turn

CALL: Final = "recado-first-look"
"""The id of its call."""

LONGEST_QUERY = 1_000
"""Characters of a query."""

_UNKNOWN = "If the person asks about the business, do not guess: tell them that you do not know it."


def look_up_of(turn: Turn) -> Call | None:
    """The call; None: there is none yet."""
    return next((call for call in turn.calls if call.id == CALL), None)


def is_due(turn: Turn) -> bool:
    """True if nothing was looked up for the turn, and its model was not asked."""
    return isinstance(turn.phase, Starting) and look_up_of(turn) is None


def asked(turn: str, messages: Sequence[Line]) -> ToolAsked:
    """The call for the turn with these messages: with their last words."""
    words = "\n".join(line.text for line in messages)[-LONGEST_QUERY:]
    return ToolAsked(turn, CALL, LOOK_UP, msgspec.json.encode({"query": words}).decode())


def passages_of(turn: Turn) -> str:
    """The result of the call, in words for the model; empty: there is none, or the messages have no words."""
    call = look_up_of(turn)
    if call is None or not call.output:
        return ""
    return call.output if call.passages else f"({call.output} {_UNKNOWN})"


def before(passages: str, messages: Sequence[Line]) -> tuple[Line, ...]:
    """The messages with the passages before the first one's words, as every thread takes them."""
    if not passages or not messages:
        return tuple(messages)
    first, *others = messages
    return (replace(first, text=f"{passages}\n\n{first.text}"), *others)
