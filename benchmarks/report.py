"""`python -m benchmarks.report FILE > docs/performance-tables.md`: makes the tables of `python -m benchmarks`'s output.

The conclusions, in docs/performance.md, are written by hand.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.figures import Figure, Outcome, Target
from benchmarks.suite import Document

_TITLES = {
    "replies": "Replies per second of CPU",
    "where": "CPU of a reply by place",
    "latency": "Added latency",
    "rebuild": "Rebuilding the projection",
    "waking": "Waking a chat",
    "memory": "Memory of an idle chat",
    "ready": "Ready after a start",
    "cli": "Commands",
    "appends": "Appends",
    "takeover": "Takeover",
    "instances": "One, two, three instances",
    "idle": "Instances with nothing to do",
    "assignment": "Sharing the partitions",
    "disk": "Disk space",
    "webhooks": "Webhooks",
    "names": "Names of people",
    "desk": "The desk",
    "chain": "The whole chain",
    "telling": "The moment of a turn, and cleaning",
    "profiles": "Many profiles",
    "fair": "A busy account beside another",
    "pictures": "Replies with a picture",
    "knowledge": "An index of 10,000 pieces of documents",
}

_INTRODUCTION = """\
# Performance: the tables

The appendix of [Performance](performance.md), which describes the method. `make bench` prints these figures as JSON;
`python -m benchmarks.report FILE` makes this page from that. Each figure is the median of repeated runs, with the
lowest and the highest beside it.
"""


def page(document: Document) -> str:
    """The whole page, in Markdown."""
    machine = document.machine
    run = (
        f"This run: {document.at}, {machine.system}, {machine.cores} cores, Python {machine.python},"
        f" SQLite {machine.sqlite}, load average before it {machine.load:g}."
    )
    if machine.load > machine.cores / 2:
        run += (
            " The machine was busy with other work: figures by the clock (latency above all, events/s, appends/s)"
            " are worse than on a quiet one; figures by CPU suffer less, their ratios least."
        )
    targets = [target for outcome in document.benchmarks.values() for target in outcome.targets]
    sections = (line for name, outcome in document.benchmarks.items() for line in _section(name, outcome))
    return "\n".join([_INTRODUCTION, run, "", *_promises(targets), *sections])


def _promises(targets: list[Target]) -> Iterator[str]:
    yield from ("## Promises", "", "| figure | promised | measured | |", "|---|---|---|---|")
    for target in targets:
        bound = "≥" if target.bound == "at_least" else "≤"
        wanted, got = _number(target.wanted), _number(target.measured)
        verdict = "reached" if target.reached else "**missed**"
        yield f"| {target.what} | {bound} {wanted} {target.unit} | {got} | {verdict} |"
    yield ""


def _section(name: str, outcome: Outcome) -> Iterator[str]:
    yield from (f"## {_TITLES[name]}", "")
    yield from ((importlib.import_module(f"benchmarks.{name}").__doc__ or "").strip(), "")
    yield "; ".join(f"{what}: {_number(value)}" for what, value in outcome.setup.items()) + "."
    yield from ("", "| | median | lowest–highest | runs | |", "|---|---|---|---|---|")
    for what, figure in outcome.figures.items():
        yield f"| {what} | {_number(figure.median)} | {_spread(figure)} | {figure.runs} | {figure.unit} |"
    yield ""


def _spread(figure: Figure) -> str:
    return f"{_number(figure.low)}–{_number(figure.high)}" if figure.runs > 1 else ""


def _number(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description="Write the page on performance.")
    parser.add_argument("file", type=Path, help="the output of `python -m benchmarks`")
    sys.stdout.write(page(msgspec.json.decode(parser.parse_args().file.read_bytes(), type=Document)))


if __name__ == "__main__":
    main()
