"""The number of chats whose work is open, put off or resolved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pysqlite3 import dbapi2 as sqlite3

from events.teamwork import State
from projections.database import micros
from projections.reads.accounts import within

_KEPT = "SELECT state, sum(chats) FROM tallies WHERE {within} GROUP BY state"
_SNOOZED = (
    "SELECT count(*) FROM chats INDEXED BY snoozed WHERE snoozed_until > ? AND snoozed_until NOTNULL AND marks >= 0"
    " AND {within}"
)


def states(db: sqlite3.Connection, now: datetime, accounts: Sequence[str] | None) -> dict[State, int]:
    """The number of chats of these accounts (None: of all) in each state at `now`."""
    where, given = within(accounts)
    kept = dict(db.execute(_KEPT.format(within=where), given).fetchall())
    (snoozed,) = db.execute(_SNOOZED.format(within=where), (micros(now), *given)).fetchone()
    resolved = kept.get("resolved", 0)
    return {"open": sum(kept.values()) - resolved - snoozed, "snoozed": snoozed, "resolved": resolved}
