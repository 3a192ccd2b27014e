"""The lines of a chat as its page shows them: by days, with what they quote, and with the reactions to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import NamedTuple

import msgspec

from console.formatting import LOOKED_AT, plain
from events.inbound import Media
from projections.reads.lines import Beside, named, whole
from projections.reads.views import Entry

QUOTED_WORDS = 160
"""Characters of a quoted message that are shown above the words."""


class Reaction(NamedTuple):
    """A reaction to a line: the emoji, and the message or reply that it came as."""

    emoji: str
    by: Entry


class Quote(NamedTuple):
    """A line quotes another one.

    - `line`: the quoted one; None: it is not known (any more).
    - `is_here`: it is on the same page.
    """

    line: Entry | None
    is_here: bool


class Line(NamedTuple):
    """A line of the page.

    - `at`: the time that it shows: when its sender sent it, and no later than the log took it.
    - `day`: the day that begins with it, in the zone of the page; None: that of the line before.
    - `is_late`: it is of an earlier day than a line above it, so its own day is told with its time.
    - `quote`: None: it quotes nothing.
    - `by`: the name of the user who wrote it, if one did.
    """

    entry: Entry
    at: datetime
    day: date | None
    is_late: bool
    quote: Quote | None
    reactions: tuple[Reaction, ...]
    by: str | None

    @property
    def seq(self) -> int:
        return self.entry.seq


def lines_of(entries: Sequence[Entry], beside: Beside, zone: tzinfo) -> tuple[Line, ...]:
    """The lines of a page. A reaction is drawn at the line that it is to; one to a line of another page is a line."""
    here = {entry.id for entry in entries}
    reactions = _reactions((*entries, *beside.reactions))
    shown = [entry for entry in entries if not (is_reaction(entry) and here.issuperset(named(entry)))]
    times = [said_at(entry) for entry in shown]
    return tuple(
        Line(
            entry,
            at,
            day,
            is_late,
            _quote(entry, beside.quoted, here),
            reactions.get(entry.id, ()),
            beside.by.get(entry.cause or "") if entry.author == "operator" else None,
        )
        for entry, at, (day, is_late) in zip(shown, times, days_of(times, zone), strict=True)
    )


def said_at(entry: Entry) -> datetime:
    """The time when the line was sent. A sender's clock that is ahead counts for nothing."""
    return min(entry.sent_at, entry.at) if entry.sent_at is not None else entry.at


def days_of(times: Iterable[datetime], zone: tzinfo) -> Iterator[tuple[date | None, bool]]:
    """For the times of lines, in their order: the day that begins with each, None where the day before goes on; and
    whether it is late: of an earlier day than a line above it. Lines are in the order of the log, and a message may
    come days after it was sent."""
    last: date | None = None
    for at in times:
        own = day_of(at, zone)
        if own is None:
            yield None, False
            continue
        yield (own if last is None or own > last else None), last is not None and own < last
        last = own if last is None else max(last, own)


def is_reaction(entry: Entry) -> bool:
    """True if the message or reply is a reaction to another one, and nothing else."""
    if not named(entry) or entry.revoked_at is not None:
        return False
    return entry.kind == "reaction" or (bool(entry.parts) and all(part.kind == "reaction" for part in entry.parts))


def day_of(at: datetime, zone: tzinfo) -> date | None:
    """The day of a time; None at the very ends of the calendar, where the zone has no such time."""
    try:
        return at.astimezone(zone).date()
    except OverflowError:
        return None


def words_in(entry: Entry) -> str:
    """The beginning of the line's words."""
    if entry.revoked_at is not None:
        return ""
    return plain((entry.edited or entry.text or "")[:LOOKED_AT])[:QUOTED_WORDS]


def kind_of(entry: Entry) -> str:
    """The kind of file or thing that the line is, as in projections.reads.spoken.KINDS."""
    if entry.author == "person":
        return "voice" if is_voice(entry) else entry.kind or "text"
    kinds = [part.kind for part in entry.parts if part.kind not in {"text", "choices", "link", "template"}]
    return kinds[0] if kinds else "text"


def is_voice(entry: Entry) -> bool:
    """True if a person's message is a voice message."""
    return entry.kind == "audio" and entry.media is not None and msgspec.json.decode(entry.media, type=Media).voice


def _reactions(entries: Sequence[Entry]) -> Mapping[str, tuple[Reaction, ...]]:
    """The reactions to each line, the last of each sender."""
    found: dict[str, dict[str, Reaction]] = {}
    for entry in entries:
        for to, emoji in _reacts(entry):
            of_line = found.setdefault(to, {})
            who = (entry.sender or "") if entry.author == "person" and not entry.from_me else "us"
            of_line.pop(who, None)
            if emoji:
                of_line[who] = Reaction(emoji, entry)
    return {to: tuple(each.values()) for to, each in found.items()}


def _reacts(entry: Entry) -> Iterator[tuple[str, str]]:
    """The line that each reaction of the entry is to, and its emoji."""
    if entry.revoked_at is not None:
        return
    if entry.kind == "reaction":
        for to in named(entry):
            yield to, (entry.text or "").strip()
    for part in entry.parts:
        if part.kind == "reaction" and part.to:
            yield whole(part.to), part.emoji or ""


def _quote(entry: Entry, known: Mapping[str, Entry], here: set[str]) -> Quote | None:
    if not (entry.quoted or entry.quote) or entry.revoked_at is not None:
        return None
    name = named(entry)[0]
    return Quote(known.get(name), name in here)
