"""`python -m benchmarks.scaling FILE > docs/scaling.md`: computes the needs of many chats from measured unit costs."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.figures import Figure
from benchmarks.suite import Document

MESSAGES_A_DAY, BUSY_HOURS, PEAK = 10, 8, 3
"""Assumptions about a chat: messages a day, the hours in which they come, the busiest moment relative to the mean."""

CHATS = (10_000, 100_000, 1_000_000)
FULL = 0.5
"""The planned share of a core for an instance or a NATS server at the peak."""

_TEXT = """\
# Scaling

The needs of many chats, computed from measured unit costs ([performance](performance.md));
`python -m benchmarks.scaling FILE` writes this page from the output of `make bench`. Your machines, messages and models
differ: measure, put in your own numbers, and leave room. Every figure is a planning figure, not a promise.

The assumptions: a chat gets {messages} messages a day, all within {hours} hours, and the busiest moment is {peak} times
as busy as the mean. Each message is answered, and the gateway writes five receipts. An instance uses {full:.0%} of a
core at the peak.

## Unit costs

| | | measured as |
|---|---|---|
{units}

Every instance folds the whole log into a projection of its own. So a further instance takes its share of the
answering, and also folds the events of the other instances' chats. Measured on whole instances, a reply cost {two:.2f}
times as much CPU in two instances together as in one, and {three:.2f} times in three.

## How many

| chats | replies/s at the peak | instances | CPU of each | NATS | CPU of it | log a day | projection a day, each |
|---|---|---|---|---|---|---|---|
{rows}

- **Instances**: at least two, if one may fail. Above that their number follows the CPU.
- **NATS**: one server, or three with the streams on all of them (R3) once an outage of one machine must not stop
  everything. The log a day is for one copy: three servers keep three. Give `EVENTS` a `max_bytes` well below
  `max_file_store`.
- **Log retention**: the log keeps everything unless `RECADO_RETENTION` is set. A chat keeps its history as long as the
  log does; plan the disk for that time.
- **Memory**: an instance holds chats that are active (idle ones leave after a minute): {actor:.1f} KB each, 100,000
  at the most. The server holds every subject: about 0.45 KB for each, with up to a dozen subjects a chat.
- **The model's provider** is the first limit in most cases. `RECADO_MAX_RUNS` keeps recado within it.

## Balance and moves

All instances share 64 partitions; each has the same number, plus or minus one. Plain rendezvous hashing is beside it.

| instances | partitions each | moved by a join | by a leave | plain: partitions each | moved by a join | by a leave |
|---|---|---|---|---|---|---|
{shares}

A partition that moves costs one write and one query for pending work; its chats wait only for that. Running turns
finish on their instance.

{takeovers}

## Limits of this design

- **64 instances.** There are 64 partitions, for good: a 65th instance folds the log and answers nothing.
- **The projection.** Every instance folds everything. At {wall:,.0f} replies a second the folding alone takes
  {full:.0%} of a core, with any number of instances.
- **One stream.** All events go through one leader. It takes {bus_wall:,.0f} replies a second at {full:.0%} of a
  core; the disk is likely to be slower than that if every message is synced.

The next steps are not built: a projection for each group of partitions, whose instance tails only those (`evt.<p>.>`;
one filter costs nothing, several cost nearly everything, so one consumer for each partition); and several streams by
account, each with its own set of instances, which only needs another `NATS_URL`.
"""


def page(document: Document) -> str:
    """The whole page, in Markdown."""
    costs = Costs.of(document)
    return _TEXT.format(
        messages=MESSAGES_A_DAY,
        hours=BUSY_HOURS,
        peak=PEAK,
        full=FULL,
        units="\n".join(costs.rows()),
        rows="\n".join(_row(costs, chats) for chats in CHATS),
        two=_ratio(document, 2),
        three=_ratio(document, 3),
        actor=costs.actor,
        shares="\n".join(_shares(document.benchmarks["assignment"].figures)),
        takeovers="\n".join(_takeovers(document)),
        wall=FULL / (costs.events * costs.fold),
        bus_wall=FULL / costs.bus,
    )


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """Unit costs.

    - `reply`: seconds of CPU for an answered message, in its instance.
    - `fold`: seconds of CPU for an event, in another instance.
    - `bus`: seconds of CPU for an answered message, in nats-server.
    - `events`: events of an answered message.
    - `log`: bytes of an answered message in the log.
    - `projection`: bytes of an answered message in a projection.
    - `actor`: memory of an idle chat, in KB.
    - `idle`: the share of a core that an idle instance uses.
    """

    reply: float
    fold: float
    bus: float
    events: float
    log: float
    projection: float
    actor: float
    idle: float

    @classmethod
    def of(cls, document: Document) -> Costs:
        """The costs from a run of all benchmarks."""

        def median(benchmark: str, name: str) -> float:
            return document.benchmarks[benchmark].figures[name].median

        return cls(
            reply=1 / median("replies", "recado, with 20 messages of history"),
            fold=1 / median("rebuild", "recado, by CPU"),
            bus=median("instances", "1 instance, CPU of nats-server") / 1000,
            events=median("disk", "events of a message and its reply, with receipts"),
            log=median("disk", "the log, with receipts"),
            projection=median("disk", "a projection, a message and its reply"),
            actor=median("memory", "an idle live actor"),
            idle=median("idle", "an instance, 3 instances") / 1000,
        )

    def rows(self) -> Iterator[str]:
        yield f"| an answered message, in the instance that answers | {self.reply * 1000:.2f} ms of CPU | replies |"
        yield f"| an event, in every other instance | {self.fold * 1e6:.0f} µs of CPU | rebuild |"
        yield f"| an answered message, in nats-server | {self.bus * 1000:.2f} ms of CPU | instances |"
        yield f"| an answered message, in the log | {self.events:.1f} events, {self.log / 1000:.1f} KB | disk |"
        yield f"| an answered message, in a projection | {self.projection / 1000:.1f} KB | disk |"
        yield f"| an instance with nothing to do | {self.idle * 100:.1f} % of a core | idle |"

    def load(self, rate: float, instances: int) -> float:
        """The share of a core that each of `instances` uses at `rate` replies a second."""
        own = rate / instances * self.reply
        others = rate * (1 - 1 / instances) * self.events * self.fold
        return own + others + self.idle

    def instances(self, rate: float) -> int | None:
        """The number of instances for `rate` replies a second; None if no number is enough."""
        return next((count for count in range(2, 65) if self.load(rate, count) <= FULL), None)


def _ratio(document: Document, instances: int) -> float:
    return document.benchmarks["instances"].figures[f"CPU of a reply, {instances} instances / 1"].median


def _row(costs: Costs, chats: int) -> str:
    rate = chats * MESSAGES_A_DAY / (BUSY_HOURS * 3600) * PEAK
    count = costs.instances(rate)
    each = f"{costs.load(rate, count):.0%}" if count is not None else "–"
    servers = "1 or 3" if chats < CHATS[-1] else "3"
    a_day = chats * MESSAGES_A_DAY
    shown = count if count is not None else "more than this design has"
    return (
        f"| {chats:,} | {rate:,.0f} | {shown} | {each} | {servers}"
        f" | {rate * costs.bus:.0%} | {_gb(a_day * costs.log)} | {_gb(a_day * costs.projection)} |"
    )


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{math.ceil(size / 1e6)} MB"


def _shares(figures: dict[str, Figure]) -> Iterator[str]:
    members = dict.fromkeys(int(name.split()[0]) for name in figures)
    for count in members:
        cells = []
        for method in ("recado", "plain rendezvous"):
            of = f"{count} members, {method}, "
            smallest, largest = figures[of + "the smallest share"], figures[of + "the largest share"]
            cells.append(f"{smallest.low:.0f}–{largest.high:.0f}")
            cells += [f"{figures[of + 'moved by a ' + what].median:.0f}" for what in ("join", "leave")]
        yield f"| {count} | {' | '.join(cells)} |"


def _takeovers(document: Document) -> Iterator[str]:
    yield "The wait of a lost instance's chats for their next owner (three instances, measured):"
    yield ""
    yield "| | median | slowest |"
    yield "|---|---|---|"
    for name, figure in document.benchmarks["takeover"].figures.items():
        if name.endswith(", a chat"):
            way = name.removesuffix(", a chat").removeprefix("takeover ")
            yield f"| {way} | {figure.median:.2f} s | {figure.high:.2f} s |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description="Write the page on scaling.")
    parser.add_argument("file", type=Path, help="the output of `python -m benchmarks`")
    sys.stdout.write(page(msgspec.json.decode(parser.parse_args().file.read_bytes(), type=Document)))


if __name__ == "__main__":
    main()
