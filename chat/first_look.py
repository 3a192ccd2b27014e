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
from chat.context import Line, readable
from chat.turn import Call, Starting, Turn

CALL: Final = "recado-first-look"
"""The id of its call."""

LONGEST_QUERY = 1_000
"""Characters of a query."""

SHORT = 25
"""Characters, at most, of messages that may be about what was asked before: see docs/decisions/0259."""

EARLIER = 2
"""Messages before them that are looked up too, at most."""

_UNKNOWN = "If the person asks about the business, do not guess: tell them that you do not know it."


def look_up_of(turn: Turn) -> Call | None:
    """The call; None: there is none yet."""
    return next((call for call in turn.calls if call.id == CALL), None)


def is_due(turn: Turn) -> bool:
    """True if nothing was looked up for the turn, and its model was not asked."""
    return isinstance(turn.phase, Starting) and look_up_of(turn) is None


def asked(turn: str, messages: Sequence[Line], history: Sequence[Line] = ()) -> ToolAsked:
    """The call for the turn with these messages, after this history."""
    query = query_of(messages, history)
    return ToolAsked(turn, CALL, LOOK_UP, msgspec.json.encode({"query": query}).decode())


def query_of(messages: Sequence[Line], history: Sequence[Line] = ()) -> str:
    """The phrasings to look up: the last words of the messages, in one line. Where they are short, the person's message
    before them comes in a line below, and the one before that where it is short too: "and on Sundays?" says nothing
    alone."""
    phrasings = [_words("\n".join(line.text for line in messages))[-LONGEST_QUERY:]]
    persons = {line.name for line in messages}
    said = (_words(line.text) for line in history if line.role == "user" and line.name in persons)
    before = list(filter(None, said))
    while before and 0 < len(phrasings[-1]) <= SHORT and len(phrasings) <= EARLIER:
        phrasings.append(before.pop())
    return "\n".join(phrasings)[:LONGEST_QUERY]


def _words(text: str) -> str:
    """The text in one line: a person's lines are no phrasings of one question."""
    return " ".join(readable(text).split())


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
