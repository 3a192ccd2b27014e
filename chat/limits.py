"""Bounds on one event, so that it always fits into a message of the bus (1 MB unless its server says otherwise)."""

from __future__ import annotations

from collections.abc import Iterable

MOST_BYTES = 100_000
"""Bytes of the ids that one event names. JSON makes at most six of each."""

MOST_MESSAGES = 1_000

LONGEST_NAME = 256
"""Characters of the name of an order's author; the rest is cut off."""

LONGEST_RAW = 131_072
"""Bytes of a model's message that is kept to be given back; JSON makes at most two of each."""

LONGEST_NOTE = 2_000
"""Characters of the reason for a human; the rest is cut off."""

LONGEST_SEND = 65_536
"""Characters of a text that a human may send; WhatsApp accepts 4,096 in one message."""


def together(messages: Iterable[str], *, before: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The first of `messages` that one event can name beside `before`; the others wait for the next event."""
    size = sum(len(message.encode()) for message in before)
    taken: list[str] = []
    for message in messages:
        size += len(message.encode())
        if size > MOST_BYTES or len(taken) == MOST_MESSAGES:
            break
        taken.append(message)
    return tuple(taken)
