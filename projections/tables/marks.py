"""The marks that a chat has in lists: a turn that failed, words that did not arrive, a pause.

A mark goes once the chat got further: that of a failed turn with the next answer, by the bot or by hand; that of a
reply that did not arrive with the next one that did.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from chat.receipts import Progress, is_settled
from events.inbound import Receipt

Mark = Literal["failed", "undelivered", "unsure", "unsent", "paused"]
"""- `failed`: the last turn failed
- `undelivered`: a reply, or a part of it, could not be delivered
- `unsure`: a reply is parked: it may have been sent or not
- `unsent`: a reply is stored and not sent yet
- `paused`: nothing is answered
"""

MARKS: tuple[Mark, ...] = get_args(Mark)

SAID: dict[Mark, str] = {
    "failed": "answer failed",
    "undelivered": "not delivered",
    "unsure": "perhaps not sent",
    "unsent": "not sent yet",
    "paused": "paused",
}
"""Each mark in words for people."""

BIT: dict[Mark, int] = {mark: 1 << place for place, mark in enumerate(MARKS)}
"""Each mark's bit in the column `marks`."""

BLANK = -1
"""In the column `marks`: nothing is left of an erased chat, and no list shows it."""

_KEPT = 8
"""Replies that are kept. Where that many did not arrive, the chat has its mark from those."""

Outgoing = dict[str, Progress]
"""The progress of a chat's last replies, by id, in the order of the log: the last that arrived, and all after it."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Outgoing)


def put_reply(outgoing: Outgoing, reply: str) -> None:
    outgoing.pop(reply, None)
    outgoing[reply] = Progress()
    if len(outgoing) > _KEPT:
        del outgoing[next(iter(outgoing))]


def put_receipt(outgoing: Outgoing, receipt: Receipt) -> bool:
    """True if the receipt tells anything new about one of the replies."""
    reply = receipt.reply
    if reply not in outgoing:
        return False
    known = outgoing[reply]
    progress = known.after(receipt.state, receipt.part, receipt.parts, receipt.template, receipt.file)
    if progress is known:
        return False
    outgoing[reply] = progress
    if _arrived(progress):
        while (first := next(iter(outgoing))) != reply:
            del outgoing[first]
    return True


def marks_of(outgoing: Outgoing, *, failed: bool, paused: bool) -> int:
    """The column `marks`."""
    marks = BIT["failed"] * failed | BIT["paused"] * paused
    for progress in outgoing.values():
        state = progress.counts_as
        if not is_settled(state):
            marks |= BIT["unsent"]
        elif state in ("failed", "parked"):
            marks |= BIT["undelivered" if state == "failed" else "unsure"]
    return marks


def named(marks: int) -> tuple[Mark, ...]:
    """The marks in the column."""
    return tuple(mark for mark in MARKS if marks > 0 and marks & BIT[mark])


def encoded(outgoing: Outgoing) -> str | None:
    return _encoder.encode(outgoing).decode() if outgoing else None


def decoded(column: str | None) -> Outgoing:
    return _decoder.decode(column) if column else {}


def _arrived(progress: Progress) -> bool:
    return is_settled(state := progress.counts_as) and state not in ("failed", "parked")
