"""Drafts of questions that a person accepted or dismissed, so that they do not come again.

They lie in the stream KNOWLEDGE beside the documents, so backup, restore and a rebuild keep them. A subject names
messages by their sequences in the log, and has no word of theirs: those of an erased chat lead to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from events.inbound import Time

PREFIX = "kb._drafts."
"""Of the subjects. No collection has such a name."""

MOST_ASKED, MOST_MESSAGES = 8, 4
"""Questions that a subject names, and messages of each."""

_SUBJECT = re.compile(r"kb\._drafts\.(?P<log>[0-9]{1,12})-(?P<asked>[0-9]{1,18}(?:[+-][0-9]{1,18}){0,63})")


class Settled(msgspec.Struct, frozen=True):
    """A draft that is settled.

    - `log`: when the log was created, in seconds since 1970: another log has other messages at these sequences.
    - `asked`: for each question the sequences of its messages.
    """

    log: int
    asked: tuple[tuple[int, ...], ...]

    @property
    def subject(self) -> str:
        return f"{PREFIX}{self.log}-" + "-".join("+".join(map(str, seqs)) for seqs in self.asked)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a draft.

    - `pair`: the document into which an accepted one went, as `shop/faq`.
    """

    did: Literal["accepted", "dismissed"]
    by: str
    at: Time
    pair: str = ""


def settled_of(log: datetime, asked: Sequence[Sequence[int]]) -> Settled:
    """The draft of these questions, as far as a subject has room for them; the last ones are the newest."""
    kept = sorted(tuple(sorted(seqs)[-MOST_MESSAGES:]) for seqs in asked)[-MOST_ASKED:]
    return Settled(seconds(log), tuple(kept))


def seconds(log: datetime) -> int:
    """The time at which a log was created, as a subject has it."""
    return int(log.astimezone(UTC).timestamp())


def read_settled(subject: str) -> Settled | None:
    """The draft that a subject names; None: it names none."""
    found = _SUBJECT.fullmatch(subject)
    if found is None:
        return None
    asked = tuple(tuple(map(int, one.split("+"))) for one in found["asked"].split("-"))
    return Settled(int(found["log"]), asked)


def read_outcome(body: bytes) -> Outcome | None:
    """The stored outcome of a draft; None: a release wrote it that this one cannot read."""
    try:
        return msgspec.json.decode(body, type=Outcome)
    except msgspec.DecodeError:
        return None
