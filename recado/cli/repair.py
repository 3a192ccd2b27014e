"""`recado replay` and `recado verify`. Both work while an instance runs, and neither sends anything."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from msgspec.structs import replace
from pysqlite3 import dbapi2 as sqlite3

from events.jetstream.connection import Bus
from projections.knowledge.rebuilding import rebuild as rebuild_index
from projections.knowledge.rebuilding import verify as verify_index
from projections.rebuild import Progress, RebuildReport, rebuild
from projections.verify import Difference, TableReport, VerifyReport
from projections.verify import verify as compare
from recado.cli.log import open_log
from recado.cli.options import json_option
from recado.cli.session import run, settings
from recado.printing import json_text, print_table
from recado.wiring.knowledge import FILE, open_knowledge


@click.command()
@json_option
def replay(as_json: bool) -> None:
    """Rebuild the projection from the log, beside the live one, and switch to it."""
    report = run(_replay())
    if as_json:
        click.echo(json_text(report))
    else:
        click.echo(
            f"Replayed {report.events:,} events in {report.seconds:.1f} s: {report.file} stands at sequence "
            f"{report.checkpoint:,}."
        )


@click.command()
@json_option
def verify(as_json: bool) -> None:
    """Rebuild the projection beside the live one and compare them row by row. The exit status is 1 on a difference."""
    report = run(_verify())
    if as_json:
        click.echo(json_text(report))
    else:
        print_table(
            ("TABLE", "ROWS", "RESULT"),
            [(table.table, f"{table.rows:,}", _result(table.difference)) for table in report.tables],
        )
        verdict = "is" if report.is_same else "is NOT"
        click.echo(f"{report.file} {verdict} what the log says up to sequence {report.checkpoint:,}.")
    sys.exit(not report.is_same)


def _result(difference: Difference | None) -> str:
    return "same" if difference is None else f"DIFFERS: has {difference.live}, should have {difference.rebuilt}"


async def _replay() -> RebuildReport:
    chosen = settings()
    chosen.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with open_log(chosen) as (log, bus):
        with _bar("Replaying") as progress, _writing(chosen.data):
            report = await rebuild(log, chosen.data, progress)
        await _rebuild_index(bus, chosen.data)
        return report


async def _verify() -> VerifyReport:
    chosen = settings()
    async with open_log(chosen) as (log, bus):
        with _bar("Verifying") as progress, _writing(chosen.data):
            report = await compare(log, chosen.data, progress)
        return replace(report, tables=(*report.tables, *await _verify_index(bus, chosen.data)))


async def _rebuild_index(bus: Bus, data: Path) -> None:
    async with open_knowledge(bus) as (stored, texts):
        with _writing(data):
            if await stored.exists():
                await rebuild_index(data / FILE, stored, texts)


async def _verify_index(bus: Bus, data: Path) -> list[TableReport]:
    async with open_knowledge(bus) as (stored, texts):
        with _writing(data):
            return await verify_index(data / FILE, stored, texts) if await stored.exists() else []


@contextmanager
def _writing(data: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        message = f"the new projection cannot be written to {data.absolute()}: {error}. The live one is as it was"
        raise click.ClickException(message) from error


@contextmanager
def _bar(label: str) -> Iterator[Progress]:
    """A progress bar on stderr, over the sequences of the log."""
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def progress(seq: int, target: int) -> None:
            bar.length = max(target, 1)
            bar.update(seq - bar.pos)

        yield progress
