"""An event as the log holds it.

All structs of events and of a chat's state are exempt from Python's search for cycles (`gc=False`), because they can
form none: that search took a fifth of a rebuild's CPU.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from events.decisions import Decision
from events.inbound import Inbound
from events.numbers import whole_number
from events.subjects import ChatKey


class Unreadable(msgspec.Struct, frozen=True, gc=False):
    """Bytes in the log that are no event.

    - `reason`: the word for `ignored`.
    - `detail`: a description of the fault.
    """

    reason: str
    detail: str


UNREADABLE = frozenset({"unreadable", "newer_version", "malformed_chat", "other_chat", "malformed_id"})
"""The reasons that `Unreadable` gives."""

UNREADABLE_ID = "seq:"
"""The beginning of an id for unreadable bytes; their sequence follows. No message from outside has such an id."""


def unreadable_id(seq: int) -> str:
    """The id under which the unreadable bytes at `seq` get their ending."""
    return f"{UNREADABLE_ID}{seq}"


def unreadable_seq(id_: str) -> int | None:
    """The sequence in an id of `unreadable_id`; None for any other id."""
    digits = id_.removeprefix(UNREADABLE_ID)
    return whole_number(digits) if id_.startswith(UNREADABLE_ID) else None


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """A decision of a newer version, of a type that this version does not know; readers skip it."""

    type: str
    version: int


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """One event of the log.

    - `seq`: its sequence in the stream.
    - `side`: `i` or `o`.
    - `type`: its type, as in its subject.
    - `at`: the server's stamp.
    - `msg_id`: its `Nats-Msg-Id`; empty if it had none.
    - `repeat`: an earlier event of the chat has the same id. A projection sets it, because it knows every id.
    - `left_out`, `converted`: the fields that had a wrong form in the log; see events.lenient.
    """

    seq: int
    key: ChatKey
    side: str
    type: str
    at: datetime
    msg_id: str
    event: Inbound | Decision | Unreadable | Unknown
    repeat: bool = False
    left_out: tuple[str, ...] = ()
    converted: tuple[str, ...] = ()
