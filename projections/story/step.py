"""One step of a story, and the wording that all steps share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from events.phrases import Phrase, Together
from projections.reads.views import Why

StepKind = Literal[
    "sent", "received", "edited", "deleted", "repeated", "waited", "turn", "adopted", "thread", "file", "run", "tool",
    "attention", "reply", "failed", "ignored", "told", "receipt", "order", "outcome", "joined", "now",
]  # fmt: skip


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event of a story, or with the kind `now` the present state.

    - `at`: the time, if it is known.
    - `what`: a sentence, which pages say in their language.
    - `detail`: a person's words, a tool's arguments and output, or an error's own words; it may be long, have several
      lines and hold anything.
    - `until`: belongs to the end of the sentence.
    - `seq`: the event's sequence in the log.
    """

    at: datetime | None
    kind: StepKind
    what: Phrase
    detail: str | None = None
    until: datetime | None = None
    seq: int | None = None


def lasting(span: timedelta) -> Phrase:
    """A length of time in the two largest units that fit; never negative. The units are the same in every language."""
    seconds = max(0.0, span.total_seconds())
    if seconds < 1:
        return Together([f"{int(seconds * 1000)} ms"])
    if seconds < 10:
        return Phrase("%(number)s s", number=seconds)
    whole = round(seconds)
    for length, large, small, part in ((86400, "d", "h", 3600), (3600, "h", "min", 60), (60, "min", "s", 1)):
        if whole >= length:
            rest = whole % length // part
            return Together([f"{whole // length} {large}", f"{rest} {small}" if rest else ""], " ")
    return Together([f"{whole} s"])


def names(ids: Iterable[str]) -> str:
    """Several ids as people list them."""
    *first, last = ids
    return Phrase("%(first)s and %(last)s", first=", ".join(first), last=last) if first else last


def instance_of(incarnation: str) -> str:
    """The instance whose start the incarnation is."""
    return incarnation.rpartition("-")[0] or incarnation


def unowned(known: Why, owners: Mapping[int, str] | None) -> Step | None:
    """A step that says that no instance owns the chat's partition, or None; `owners` as in `story`."""
    if owners is None or known.partition in owners:
        return None
    return now_step(
        Phrase(
            "nobody owns this partition, %(number)s: start an instance with recado up or recado serve",
            number=str(known.partition),
        ),
        None,
    )


def now_step(what: Phrase, since: datetime | None, until: datetime | None = None) -> Step:
    return Step(at=since, kind="now", what=what, until=until)
