"""Finds replies that nobody sends, and people who wait for a human for too long."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from pysqlite3 import dbapi2 as sqlite3

from actors import metrics
from projections.reads.queries import Queries
from projections.reads.reader import ProjectionMissing, Reader
from projections.reads.views import DeliveryView
from projections.story.deliveries import told
from projections.story.step import lasting
from recado.doctor.finding import Finding
from recado.printing import one_line

log = structlog.get_logger("recado.doctor")

_NAMED = 5


def delivery_findings(
    data: Path, now: datetime, gateways: Collection[str] | None, needed: Collection[str]
) -> Iterator[Finding]:
    """Findings about replies by account, as `told`, and about handoffs at `now`, the bus's time."""
    views: tuple[DeliveryView, ...] | None = None
    try:
        with closing(Reader(data)) as reader:
            views = Queries(reader).deliveries()
            yield from _handoffs(Queries(reader), now)
    except ProjectionMissing:
        pass  # another finding reports it
    except (OSError, sqlite3.Error) as error:
        yield Finding("replies", "failure", f"{data}: {error}", "look at its disk, or run recado replay")
    lines = told(views or (), gateways, now, needed)
    for line in lines:
        says = f"account {one_line(line.account)}: {line.says}"
        do = (
            "start its gateway: recado gateway, see docs/gateways.md"
            if line.no_gateway
            else "look at its gateway's log"
        )
        yield Finding("replies", "warning", says, do) if line.amiss else Finding("replies", "ok", says)
    if not lines and views is not None:
        yield Finding("replies", "ok", "none waits for a gateway")


def _handoffs(queries: Queries, now: datetime) -> Iterator[Finding]:
    asking = queries.attention()
    late = [one for one in asking if now - one.at >= metrics.OVERDUE_AFTER]
    if late:
        who = ", ".join(one.chat.removesuffix("@s.whatsapp.net") for one in late[:_NAMED])
        more = f" and {len(late) - _NAMED:,} more" if len(late) > _NAMED else ""
        says = f"{len(late):,} wait for a human for {lasting(metrics.OVERDUE_AFTER)} or longer: {who}{more}"
        yield Finding("handoffs", "warning", says, "answer them (recado send), or give them back: recado resume")
    else:
        yield Finding("handoffs", "ok", f"{len(asking):,} wait for a human" if asking else "nobody waits for a human")


def measure(queries: Queries, now: Callable[[], datetime], gateways: Callable[[], Collection[str] | None]) -> None:
    """Have `/metrics` look when it is asked; not a number while the projection cannot be read."""

    def looks(at: Callable[[], float]) -> Callable[[], float]:
        def look() -> float:
            try:
                return at()
            except (ProjectionMissing, OSError, sqlite3.Error) as error:
                log.warning("metric_unknown", reason=str(error))
                return float("nan")

        return look

    def oldest() -> float:
        times = [one.oldest_at for one in queries.deliveries() if one.oldest_at is not None]
        return max((now() - min(times)).total_seconds(), 0) if times else 0

    def without_gateway() -> float:
        there = gateways()
        if there is None:
            return float("nan")
        return sum(line.no_gateway for line in told(queries.deliveries(), there, now()))

    def overdue() -> float:
        before: timedelta = metrics.OVERDUE_AFTER
        return sum(now() - one.at >= before for one in queries.attention())

    metrics.replies_waiting.set_function(looks(lambda: sum(one.waiting for one in queries.deliveries())))
    metrics.replies_unsent.set_function(looks(lambda: sum(one.unsent for one in queries.deliveries())))
    metrics.replies_parked.set_function(looks(lambda: sum(one.parked for one in queries.deliveries())))
    metrics.replies_failed.set_function(looks(lambda: sum(one.failed for one in queries.deliveries())))
    metrics.oldest_wait.set_function(looks(oldest))
    metrics.without_gateway.set_function(looks(without_gateway))
    metrics.handoffs.set_function(looks(lambda: len(queries.attention())))
    metrics.handoffs_overdue.set_function(looks(overdue))
    metrics.chats_to_do.set_function(looks(queries.to_do))
