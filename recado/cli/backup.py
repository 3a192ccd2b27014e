"""`recado backup` and `recado restore`."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import click
import msgspec

from actors.leases.bucket import LeaseBucket
from events.jetstream.connection import Bus
from events.jetstream.library import damaged_files
from events.jetstream.log import JetStreamLog
from recado.cli.options import json_option
from recado.cli.session import run, settings
from recado.doctor.finding import in_units
from recado.embedded.data_folder import DataFolder
from recado.embedded.server import EmbeddedNats
from recado.printing import json_text, print_table
from recado.settings.settings import Settings
from recado.transfer.archive import About, Moved, SavedStream, put_back, save, settled
from recado.transfer.settle import Settled, settle
from recado.wiring.connect import connect, connect_to

_FILE = click.Path(dir_okay=False, path_type=Path)


class Restored(msgspec.Struct, frozen=True):
    """The result of a restore.

    - `backup`: the backup's id and time.
    - `streams`: the restored streams.
    - `settled`: the numbers of ended messages, orders and replies.
    - `damaged`: the files of the library whose bytes are not those of their SHA-256.
    """

    backup: About
    streams: list[SavedStream]
    settled: Settled
    damaged: list[str]


@click.command()
@click.argument("file", type=_FILE)
@json_option
def backup(file: Path, as_json: bool) -> None:
    """Save the log to FILE while recado runs, with its dead letters, files and buckets on the bus.

    The projection is not in it: it is rebuilt from the log. Keep FILE as safe as the conversations: they are in it.
    """
    saved = run(_save(settings(), file))
    if as_json:
        click.echo(json_text(saved))
        return
    _print(saved)
    click.echo(f"Saved to {file}.")


@click.command()
@click.argument("file", type=_FILE)
@json_option
def restore(file: Path, as_json: bool) -> None:
    """Restore the log from FILE, onto a bus that has none. No instance and no gateway may run.

    Without NATS_URL the embedded server of RECADO_DATA runs meanwhile. Messages, orders and replies that were open in
    the backup are ended silently: they may have been answered after it, and no message is answered twice. If the
    command is interrupted, run it again.
    """
    restored = run(_restore(settings(), file))
    if as_json:
        click.echo(json_text(restored))
        return
    _print(restored.streams)
    done = restored.settled
    click.echo(f"Put back as of {restored.backup.at:%Y-%m-%d %H:%M:%S} UTC. What came later is not in it.")
    if done.messages or done.orders or done.replies:
        click.echo(
            f"Open at that time, and ended without a word: {done.messages} messages, {done.orders} orders, "
            f"{done.replies} replies. See recado events --type ignored, turn_failed and receipt."
        )
    for object_ in restored.damaged:
        click.echo(f"{object_} is not whole: add that file again with recado files add.", err=True)
    click.echo("Start the instances, then the gateways.")


class StillRunning(Exception):
    """Instances or gateways still run on the bus; `names` are theirs."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"these still run: {', '.join(names)}. Stop them first, and start them after the restore")
        self.names = names


async def _save(chosen: Settings, file: Path) -> list[SavedStream]:
    bus = await connect(chosen)
    try:
        with _progress() as moved:
            return await save(bus, file, moved)
    finally:
        await bus.close()


async def _restore(chosen: Settings, file: Path) -> Restored:
    async with _bus(chosen) as bus:
        there = await LeaseBucket(bus).read_all()
        if names := sorted(key[2:] for key, entry in there.items() if entry.value and key[:2] in ("m.", "g.")):
            raise StillRunning(names)
        with _progress() as moved:
            about, streams = await put_back(bus, file, moved)
        log = await JetStreamLog.attach(bus)
        try:
            done = await settle(log, f"restore-{about.id}")
        finally:
            await log.close()
        damaged = await damaged_files(bus)
        await settled(bus)
        return Restored(about, streams, done, damaged)


@asynccontextmanager
async def _bus(chosen: Settings) -> AsyncIterator[Bus]:
    if chosen.nats_url is not None:
        bus = await connect_to(chosen.nats_url, chosen)
        try:
            yield bus
        finally:
            await bus.close()
        return
    with DataFolder.hold(chosen.data) as folder:
        async with EmbeddedNats.start(folder) as server:
            bus = await Bus.open(server.address.url, token=server.address.token)
            try:
                yield bus
            finally:
                await bus.close()


@contextmanager
def _progress() -> Iterator[Moved]:
    """Shows on stderr, if it is a terminal, how much of which stream is moved; the line is gone in the end."""
    shown = sys.stderr.isatty()

    def moved(stream: str, size: int) -> None:
        if shown:
            click.echo(f"\r\x1b[K{stream}: {in_units(size)}", nl=False, err=True)

    try:
        yield moved
    finally:
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)


def _print(streams: list[SavedStream]) -> None:
    print_table(
        ("STREAM", "MESSAGES", "LAST", "SIZE"),
        [(one.stream, f"{one.messages:,}", f"{one.last:,}", in_units(one.size)) for one in streams],
    )
