"""`recado files`: the files and places of an account that can be sent by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

import click
import msgspec

from chat.files import KINDS
from events.library import Entry, Library, listed, new_name_fault
from events.log import LogError
from events.parts import Part, faults
from recado.cli.control import by_user
from recado.cli.file_content import Checked, checked, files_in
from recado.cli.log import open_log
from recado.cli.meant_account import meant_account
from recado.cli.options import Account, Number, Text, json_option
from recado.cli.session import run, settings
from recado.doctor.finding import in_units
from recado.printing import json_text, local, one_line, print_table
from recado.wiring.library import joined_library

_account_option = click.option(
    "--account", type=Account(), help="The business number or device  [default: RECADO_ACCOUNT, or the only number]"
)


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that was added.

    - `action`: `added`; `replaced`: the name stood for something else, which is `before`; `unchanged`: for the same.
    """

    account: str
    action: Literal["added", "replaced", "unchanged"]
    entry: Entry
    before: Entry | None = None


class Listed(msgspec.Struct, frozen=True):
    """The entries of an account."""

    account: str
    entries: list[Entry]


class Removed(msgspec.Struct, frozen=True):
    account: str
    name: str


@click.group()
def files() -> None:
    """Keep the files and places that can be sent by name: a price list, a menu, the address.

    Tools, operators and models send them. Each account has its own.
    """


@files.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[FILE|FOLDER]...")
@click.option("--name", type=Text(), help="Its name; a file has its own without it.")
@click.option("--as", "kind", type=click.Choice(KINDS), help="Refuse a file that is not of this kind.")
@click.option("--caption", type=Text(), help="The words beneath a picture, a video or a document.")
@click.option("--place", type=Text(), metavar="NAME", help="Add a place of this name, not a file.")
@click.option("--latitude", type=Number(-90, 90), help="Of the place, in degrees.")
@click.option("--longitude", type=Number(-180, 180), help="Of the place, in degrees.")
@click.option("--address", type=Text(), help="Of the place.")
@_account_option
@json_option
def add(
    *,
    paths: tuple[Path, ...],
    name: str | None,
    kind: str | None,
    caption: str | None,
    place: str | None,
    latitude: float | None,
    longitude: float | None,
    address: str | None,
    account: str | None,
    as_json: bool,
) -> None:
    """Add files, all files of a folder, or one place. A name that is there already is replaced.

    A file is checked by its content: WhatsApp takes JPEG, PNG, MP4, 3GP, MP3, AAC, AMR, M4A, OGG with Opus, WebP, PDF,
    text, and the files of Word, Excel and PowerPoint. If one of several is refused, none is added.
    """
    if place is not None:
        if paths or name is not None or kind is not None or caption is not None:
            raise click.UsageError("a place has no file: give --place, --latitude, --longitude and --address alone")
        there = _place(place, latitude, longitude, address)
        done = run(_add([lambda: there], account))
    else:
        if (latitude, longitude, address) != (None, None, None):
            raise click.UsageError("say by --place what is at this latitude and longitude")
        found = files_in(paths)
        if len(found) > 1 and (name is not None or caption is not None):
            raise click.UsageError("--name and --caption are for one file: add these one by one")
        ready = [partial(checked, path, name, kind, caption) for path in found]
        _refuse_faults(ready)
        done = run(_add(ready, account))
    if as_json:
        click.echo(json_text(done))
        return
    for one in done:
        click.echo(_told(one))


@files.command("list")
@_account_option
@json_option
def list_(account: str | None, as_json: bool) -> None:
    """List the files and places of an account."""
    found = run(_list(account))
    if as_json:
        click.echo(json_text(found))
        return
    if not found.entries:
        click.echo(f"Account {one_line(found.account)} has none yet: recado files add FILE", err=True)
        return
    print_table(
        ("NAME", "KIND", "SIZE", "ADDED", "BY", "TEXT"),
        [
            (
                entry.name,
                _kind(entry.part),
                in_units(entry.size) if entry.size else "-",
                local(entry.at),
                entry.by or "-",
                entry.part.caption or entry.part.address or "-",
            )
            for entry in found.entries
        ],
    )


@files.command()
@click.argument("name", type=Text())
@_account_option
@json_option
def remove(name: str, account: str | None, as_json: bool) -> None:
    """Remove the file or place NAME. Replies that are stored already still send it."""
    removed = run(_remove(name, account))
    if as_json:
        click.echo(json_text(removed))
        return
    click.echo(f"Removed {one_line(removed.name)} from account {one_line(removed.account)}.")


def _refuse_faults(wanted: Sequence[Callable[[], Checked]]) -> None:
    """Look at all files before the first is written, one by one: together they may be larger than the memory. Raises
    click.ClickException with all faults."""
    wrong: list[str] = []
    for read in wanted:
        try:
            read()
        except click.ClickException as fault:
            wrong.append(fault.message)
    if wrong:
        nothing = f"\nNothing was added, of {len(wanted)} files." if len(wanted) > 1 else ""
        raise click.ClickException("\n".join(wrong) + nothing)


class _Open(NamedTuple):
    library: Library
    account: str
    now: datetime


@asynccontextmanager
async def _open(account: str | None) -> AsyncIterator[_Open]:
    chosen = settings()
    async with AsyncExitStack() as stack:
        log, bus = await stack.enter_async_context(open_log(chosen))
        where = await meant_account(bus, chosen, account)
        yield _Open(await joined_library(stack, bus), where, (await log.head()).now)


async def _add(wanted: Sequence[Callable[[], Checked]], account: str | None) -> list[Added]:
    done: list[Added] = []
    async with _open(account) as (library, where, now):
        for read in wanted:
            one = read()
            entry = Entry(name=one.name, part=one.part, size=len(one.content or b""), at=now, by=by_user())
            try:
                before = await library.add(where, entry, one.content)
            except LogError:
                for earlier in done:
                    click.echo(_told(earlier), err=True)
                raise
            done.append(_outcome(where, entry, before))
    return done


async def _list(account: str | None) -> Listed:
    async with _open(account) as (library, where, _):
        return Listed(where, await library.entries(where))


async def _remove(name: str, account: str | None) -> Removed:
    async with _open(account) as (library, where, _):
        there = await library.entry(where, name)
        if not await library.remove(where, name):
            raise click.ClickException(f"account {where} has no file {name!r}. {listed(await library.entries(where))}")
        return Removed(where, there.name if there is not None else name)  # one of a newer release has no name here


def _place(name: str, latitude: float | None, longitude: float | None, address: str | None) -> Checked:
    """Raises click.UsageError."""
    if latitude is None or longitude is None:
        raise click.UsageError("a place needs --latitude and --longitude, in degrees")
    if (wrong := new_name_fault(name)) is not None:
        raise click.UsageError(wrong)
    part = Part(kind="location", latitude=latitude, longitude=longitude, name=name, address=address or None)
    if (wrong := next(faults(part), None)) is not None:
        raise click.UsageError(wrong)
    return Checked(name, part)


def _outcome(account: str, entry: Entry, before: Entry | None) -> Added:
    if before is None:
        return Added(account=account, action="added", entry=entry)
    if (before.name, before.part) == (entry.name, entry.part):
        return Added(account=account, action="unchanged", entry=entry)
    return Added(account=account, action="replaced", entry=entry, before=before)


def _told(one: Added) -> str:
    name = one_line(one.entry.name)
    if one.action == "unchanged":
        return f"{name} is there already, the same."
    said = f"Added {name} ({_what(one.entry)}) to account {one_line(one.account)}."
    if one.before is not None:
        said += f" It replaces {one_line(one.before.name)} ({_what(one.before)}) of {local(one.before.at)}."
    return said


def _what(entry: Entry) -> str:
    return _kind(entry.part) + (f", {in_units(entry.size)}" if entry.size else "")


def _kind(part: Part) -> str:
    return "voice" if part.voice else "place" if part.kind == "location" else part.kind
