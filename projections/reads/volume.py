"""Messages, replies and tokens per step of time, counted from the history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from projections.database import micros, moment
from projections.reads.accounts import in_json

_MICROSECOND = timedelta(microseconds=1)
_SPAN = (
    "SELECT at / :step, sum(author = 'person' AND NOT from_me), sum(author = 'assistant'), sum(author = 'operator'),"
    " sum(ending = 'ignored'), sum(ending = 'turn_failed'), sum(input_tokens), sum(output_tokens) FROM history"
    " WHERE seq >= :first AND at >= :since AND (:chat IS NULL OR chat = :chat)"
    " AND (:accounts IS NULL OR chat IN"
    " (SELECT id FROM chats WHERE account IN (SELECT value FROM json_each(:accounts))))"
    " GROUP BY 1 ORDER BY 1"
)


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one step of time.

    - `at`: the beginning of the step.
    - `messages`: messages of people.
    - `replies`: replies of the model.
    - `by_hand`: replies of operators.
    - `ignored`: messages that were ignored.
    - `failed`: messages whose turn failed.
    - `input_tokens`, `output_tokens`: tokens of the replies.
    """

    at: datetime
    messages: int = 0
    replies: int = 0
    by_hand: int = 0
    ignored: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


def volume(
    db: sqlite3.Connection,
    span: tuple[datetime, datetime, timedelta],
    chat: int | None,
    accounts: tuple[str, ...] | None = None,
) -> tuple[Volume, ...]:
    """One Volume for each step of `span` from that of its first time to that of its last one, empty steps included."""
    since, until, step = span
    width = step // _MICROSECOND
    first, last = micros(since) // width, micros(until) // width
    given = {
        "step": width,
        "since": first * width,
        "first": _first_from(db, first * width),
        "chat": chat,
        "accounts": in_json(accounts) if accounts is not None else None,
    }
    found = {number: counts for number, *counts in db.execute(_SPAN, given)}
    return tuple(_volume(moment(number * width), found.get(number, ())) for number in range(first, last + 1))


def _volume(at: datetime, counts: Sequence[int | None]) -> Volume:
    names = Volume.__struct_fields__[1:]
    return Volume(at=at, **{name: count or 0 for name, count in zip(names, counts, strict=False)})


def _first_from(db: sqlite3.Connection, at: int) -> int:
    """A sequence at or before the first line stamped at or after `at`. The history has no index by time, but the log's
    stamps grow with its sequences."""
    low, high = 0, db.execute("SELECT coalesce(max(seq), 0) + 1 FROM history").fetchone()[0]
    while low < high:
        middle = (low + high) // 2
        row = db.execute("SELECT seq, at FROM history WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)).fetchone()
        if row is None or row[1] >= at:
            high = middle
        else:
            low = row[0] + 1
    return low
