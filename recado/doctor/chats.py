"""Finds the chats that need a person's attention, in the projection of this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import structlog
from pysqlite3 import dbapi2 as sqlite3

from projections.reads.queries import Queries
from projections.reads.reader import ProjectionMissing, Reader
from projections.reads.trouble_views import TroubleView
from projections.trouble import STUCK_AFTER, TOLD_FOR
from recado.doctor.finding import Finding

_NAMED = 5
"""Chats that a finding names."""

log = structlog.get_logger("recado.doctor")


def chat_findings(data: Path, now: datetime | None) -> Iterator[Finding]:
    """Findings about chats at `now`, the bus's time (None: this machine's). None without a projection, which another
    finding reports."""
    try:
        with closing(Reader(data)) as reader:
            found = Queries(reader).trouble(now or datetime.now(UTC))
    except ProjectionMissing:
        return
    except (OSError, sqlite3.Error) as error:
        yield Finding("chats", "failure", f"{data}: {error}", "look at its disk, or run recado replay")
        return
    if not found:
        yield Finding("chats", "ok", "none is stuck, nothing was set aside")
    stuck = [one for one in found if one.what == "stuck"]
    if stuck:
        says = f"{len(stuck):,} have owed work for {STUCK_AFTER.seconds // 60} minutes or longer: {_names(stuck)}"
        yield Finding("chats", "warning", says, "see that an instance runs (above), then look at its log")
    broken = [one for one in found if one.what == "broken"]
    if broken:
        says = f"recado broke on {len(broken):,} messages or orders in {TOLD_FOR.days} days: {_names(broken)}"
        yield Finding("chats", "warning", says, "mend the cause (the instances' logs), then: recado dead-letters")
    unsent = [one for one in found if one.what == "unsent"]
    if unsent:
        says = f"{len(unsent):,} replies may not have arrived in {TOLD_FOR.days} days: {_names(unsent)}"
        do = "look with recado why, and send those that did not arrive by hand: recado send CHAT TEXT"
        yield Finding("chats", "warning", says, do)
    passed = [one for one in found if one.what == "set_aside"]
    if passed:
        says = f"{len(passed):,} events were set aside in {TOLD_FOR.days} days: {_names(passed)}"
        yield Finding("chats", "warning", says, "read them with: recado events; the instances' logs say why")


def stuck_chats(queries: Queries, now: datetime) -> float:
    """The number of stuck chats, for `/metrics`; not a number while the projection cannot be read."""
    try:
        return queries.stuck(now)
    except (ProjectionMissing, OSError, sqlite3.Error) as error:
        log.warning("stuck_chats_unknown", reason=str(error))
        return float("nan")


def _names(found: Sequence[TroubleView]) -> str:
    """The chats, the first ones by name, with the events that are meant."""
    events: dict[tuple[str, str], list[str]] = {}
    for one in found:
        events.setdefault((one.account, one.chat), []).extend([str(one.seq)] if one.seq else [])
    named = [
        f"{chat.removesuffix('@s.whatsapp.net')} in {account}" + (f" ({', '.join(seqs[:_NAMED])})" if seqs else "")
        for (account, chat), seqs in list(events.items())[:_NAMED]
    ]
    more = len(events) - len(named)
    return "; ".join(named) + (f"; and {more:,} more chats" if more else "")
