"""An event as the log holds it.

All structs of events and of a chat's state are exempt from Python's search for cycles (`gc=False`), because they can
form none: that search took a fifth of a rebuild's CPU.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from events.decisions import Decision
from events.inbound import Inbound
from events.subjects import ChatKey


class Unreadable(msgspec.Struct, frozen=True, gc=False):
    """Bytes in the log that are no event: `reason` is a word for `ignored`, `detail` says what is wrong with them."""

    reason: str
    detail: str


UNREADABLE = frozenset({"unreadable", "newer_version", "malformed_chat", "other_chat", "malformed_id"})
"""The reasons that `Unreadable` gives."""

UNREADABLE_ID = "seq:"
"""How the id of unreadable bytes begins; their sequence follows. No message from outside has such an id."""


def unreadable_id(seq: int) -> str:
    """The id under which the unreadable bytes at `seq` get their ending."""
    return f"{UNREADABLE_ID}{seq}"


def unreadable_seq(id_: str) -> int | None:
    """The sequence in an id of `unreadable_id`; None for any other id."""
    digits = id_.removeprefix(UNREADABLE_ID)
    is_one = id_.startswith(UNREADABLE_ID) and digits.isascii() and digits.isdigit() and len(digits) < 20
    return int(digits) if is_one else None


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """A decision that a newer version wrote and this one does not know; it is passed over."""

    type: str
    version: int


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """One event of the log.

    `seq` is its sequence in the stream, `at` the server's stamp, `msg_id` its `Nats-Msg-Id` (empty if it had none).
    `side` is `i` or `o`. `repeat` is set by whoever knows every id of the chat: an earlier event bears the same one.
    """

    seq: int
    key: ChatKey
    side: str
    type: str
    at: datetime
    msg_id: str
    event: Inbound | Decision | Unreadable | Unknown
    repeat: bool = False
