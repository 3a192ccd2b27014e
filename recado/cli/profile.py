"""`recado profile`: lists, shows, applies and changes the profiles by which chats are answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from events.jetstream.connection import Bus
from events.jetstream.profiles import JetStreamProfileLog
from events.jid import is_group
from events.log import EventLog
from events.profile import DEFAULT, NAME, Profile
from events.profile_log import ProfileLog, Stored
from gateways.addressing import ChatUnknown, find
from recado.cli.control import by_user
from recado.cli.log import open_log
from recado.cli.meant_profile import refused, stored_version, version
from recado.cli.options import Account, ChatName, json_option
from recado.cli.session import run, settings
from recado.printing import json_text, local, one_line, print_table
from recado.profiles.applying import Applied, applied, lacking
from recado.profiles.changes import Author, Change, assigned, changed, check_clashes, removal, write
from recado.profiles.entries import Kind
from recado.profiles.files import documents, files_in
from recado.profiles.overlay import ProfileUnusable, unapplied
from recado.profiles.toml_text import toml_of
from recado.wiring.profile_settings import ProfileSettings

_PATHS = click.argument(
    "paths", nargs=-1, required=True, metavar="FILE...", type=click.Path(exists=True, path_type=Path)
)


class ProfileName(click.ParamType[str]):
    """The name of a profile."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not NAME.fullmatch(value):
            self.fail(f"{value!r} is no name of a profile: give 1 to 64 of a-z, 0-9, '_' and '-'", param, ctx)
        return value


class _Open(NamedTuple):
    log: EventLog
    bus: Bus
    profiles: ProfileLog
    stored: Stored
    author: Author


@click.group()
def profile() -> None:
    """Decide how accounts, chats and groups are answered, without a restart. See docs/profiles.md."""


@profile.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the profiles in force, each with its accounts, chats and groups."""
    found = run(_look()).in_force.profiles
    shown = [found[name] for name in sorted(found)]
    if as_json:
        click.echo(json_text([_document(one) for one in shown]))
        return
    if not shown:
        click.echo("None: every chat is answered by the settings of the instances.", err=True)
        return
    print_table(
        ("PROFILE", "ACCOUNTS", "CHATS", "GROUPS", "SINCE", "BY"),
        [
            (one.ref, _few(one.accounts), _few(one.chats), _few(one.groups), local(one.at), one_line(one.by))
            for one in shown
        ],
    )


@profile.command()
@click.argument("ref", metavar="NAME[@N]")
@json_option
def show(ref: str, as_json: bool) -> None:
    """Print a profile, or an older version of it, as TOML that `apply` takes."""
    found = run(_version(ref))
    click.echo(json_text(_document(found)) if as_json else toml_of(found), nl=as_json)
    if left := unapplied(found):
        click.echo(f"This release does not apply: {', '.join(map(one_line, left))}.", err=True)


@profile.command()
@_PATHS
@click.option("--dry-run", is_flag=True, help="Show the changes, and write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def apply(paths: tuple[Path, ...], dry_run: bool, yes: bool, as_json: bool) -> None:
    """Put the profiles of TOML files in force. With a folder, exactly those of its files: profiles that it lacks are
    removed, and the command asks first.

    All of the changes are made, or none. Files without a change write nothing.
    """
    run(_apply(paths, dry_run=dry_run, yes=yes, as_json=as_json))


@profile.command()
@_PATHS
@json_option
def diff(paths: tuple[Path, ...], as_json: bool) -> None:
    """Show the changes that `apply` would make, and write nothing."""
    run(_apply(paths, dry_run=True, yes=False, as_json=as_json))


@profile.command()
@click.argument("name", type=ProfileName())
@json_option
def history(name: str, as_json: bool) -> None:
    """List every version of a profile: when it was written, by whom, and the fields that it changed."""
    versions = run(_history(name))
    if not versions:
        raise click.ClickException(f"there is no profile {name}: recado profile list shows them")
    if as_json:
        click.echo(json_text([_document(one) for one in versions]))
        return
    rows = []
    for before, one in zip([None, *versions], versions, strict=False):
        rows.append((one.ref, local(one.at), one_line(one.by), _summary(before, one)))
    print_table(("VERSION", "WRITTEN", "BY", "TEXT"), rows)


@profile.command()
@click.argument("name", type=ProfileName())
@click.argument("n", metavar="N", type=click.IntRange(1, 2**53))
@json_option
def rollback(name: str, n: int, as_json: bool) -> None:
    """Put version N of a profile in force again, as a new version."""
    run(_rollback(name, n, as_json=as_json))


@profile.command()
@click.argument("name", type=ProfileName())
@click.option("--account", type=Account(), help="The business number or device; with --chat, the one of the chat.")
@click.option("--chat", type=ChatName(), help="The chat or group: a phone number or a JID.")
@json_option
def use(name: str, account: str | None, chat: str | None, as_json: bool) -> None:
    """Let NAME decide about an account, a chat or a group, and no other profile. `default` is the instances' own
    settings.
    """
    if account is None and chat is None:
        raise click.UsageError("give --account, or --chat")
    run(_use(name, account, chat, as_json=as_json))


@profile.command()
@click.argument("name", type=ProfileName())
@json_option
def remove(name: str, as_json: bool) -> None:
    """End a profile. Its versions stay readable, and `rollback` puts one in force again."""
    run(_remove(name, as_json=as_json))


@asynccontextmanager
async def _open() -> AsyncIterator[_Open]:
    async with open_log(settings()) as (log, bus):
        profiles = await JetStreamProfileLog.open(bus)
        try:
            author = Author(by_user(), (await log.head()).now)
            yield _Open(log, bus, profiles, await profiles.look(), author)
        finally:
            await profiles.close()


async def _look() -> Stored:
    async with _open() as there:
        for one in there.stored.unread:
            click.echo(f"{one_line(one.name)}: its newest version cannot be read ({one_line(one.reason)}).", err=True)
        return there.stored


async def _version(ref: str) -> Profile:
    asked = version(ref)
    async with _open() as there:
        return await stored_version(there.profiles, there.stored, asked)


async def _history(name: str) -> list[Profile]:
    async with _open() as there:
        return await there.profiles.history(name)


async def _apply(paths: Sequence[Path], *, dry_run: bool, yes: bool, as_json: bool) -> None:
    files, folder = files_in(paths)
    wanted = documents(files)
    settings_of = ProfileSettings(settings()).settings
    async with _open() as there:
        found = await applied(wanted, there.stored, settings_of, there.log, there.author, folder=folder)
        if not as_json:
            _print_diff(found)
        if found.changes and folder and not dry_run and not yes:
            click.confirm(f"Change {_count(found.changes)}?", abort=True, err=True)
        if dry_run:
            check_clashes(there.stored, found.changes)
        else:
            await _write(there, found.changes)
    _tell(found.changes, as_json=as_json, written=not dry_run, lacks=found.lacks)


async def _rollback(name: str, n: int, *, as_json: bool) -> None:
    async with _open() as there:
        version = await there.profiles.version(name, n)
        if version is None:
            raise click.ClickException(f"there is no {name}@{n}: recado profile history {name} shows the versions")
        if version.removed:
            raise click.ClickException(f"{name}@{n} ended the profile: do that with recado profile remove {name}")
        lacks: tuple[str, ...] = ()
        try:
            ProfileSettings(settings()).settings(version)
        except ProfileUnusable as unusable:
            if not all(fault.lacks for fault in unusable.faults):
                raise refused(version, unusable, version.ref) from unusable
            lacks = unusable.lacks
        change = changed(there.stored, version, there.author)
        await _finish(
            there, [change] if change is not None else [], as_json=as_json, lacks={name: lacks} if lacks else {}
        )


async def _use(name: str, account: str | None, chat: str | None, *, as_json: bool) -> None:
    async with _open() as there:
        if name != DEFAULT and name not in there.stored.in_force.profiles:
            raise click.ClickException(f"there is no profile {name}: recado profile list shows them")
        kind, entry = await _entry(there.log, account, chat)
        changes = assigned(there.stored, None if name == DEFAULT else name, kind, entry, there.author)
        await _finish(there, changes, as_json=as_json)


async def _entry(log: EventLog, account: str | None, chat: str | None) -> tuple[Kind, str]:
    """The entry, with the name under which the person's chat is kept."""
    if chat is None:
        assert account is not None  # noqa: S101 - the command has checked it
        return "accounts", account
    if is_group(chat):
        return "groups", f"{account}/{chat}" if account is not None else chat
    if account is not None:
        return "chats", f"{account}/{(await log.canonical_names(chat)).get(account, chat)}"
    try:
        key = await find(log, chat, None)
    except ChatUnknown:
        return "chats", chat
    return "chats", key.chat if key.chat == chat else f"{key.account}/{key.chat}"


async def _remove(name: str, *, as_json: bool) -> None:
    async with _open() as there:
        change = removal(there.stored, name, there.author)
        if change is None:
            raise click.ClickException(f"there is no profile {name} in force: recado profile list shows them")
        await _finish(there, [change], as_json=as_json)


async def _finish(
    there: _Open, changes: Sequence[Change], *, as_json: bool, lacks: dict[str, tuple[str, ...]] | None = None
) -> None:
    await _write(there, changes)
    _tell(changes, as_json=as_json, written=True, lacks=lacks or {})


async def _write(there: _Open, changes: Sequence[Change]) -> None:
    await write(there.log, there.bus, there.profiles, there.stored, changes)


def _print_diff(found: Applied) -> None:
    for change in found.changes:
        for line in change.diff():
            click.echo(one_line(line))


def _tell(changes: Sequence[Change], *, as_json: bool, written: bool, lacks: dict[str, tuple[str, ...]]) -> None:
    if as_json:
        told = [
            {
                "name": change.after.name,
                "action": change.action,
                "before": change.before.ref if change.before is not None else None,
                "after": change.after.ref,
                "diff": change.diff(),
            }
            for change in changes
        ]
        click.echo(json_text({"changes": told, "written": written and bool(changes), "lacks": lacks}))
        return
    for name, variables in lacks.items():
        click.echo(lacking(name, variables), err=True)
    if not changes:
        click.echo("Nothing to change.")
        return
    done = {"created": "is new", "changed": "is changed", "removed": "is removed"}
    for change in changes:
        click.echo(f"{change.after.ref} {done[change.action]}{'' if written else ' by this'}.")


def _document(one: Profile) -> dict[str, Any]:
    return msgspec.structs.asdict(one)


def _count(changes: Sequence[Change]) -> str:
    return f"{len(changes)} profile{'s' * (len(changes) != 1)}"


def _few(entries: Sequence[str]) -> str:
    shown = ", ".join(one_line(one) for one in entries[:3])
    return f"{shown}, … ({len(entries)})" if len(entries) > 3 else shown or "-"


def _summary(before: Profile | None, one: Profile) -> str:
    """The fields that a version changed."""
    if one.removed:
        return "removed"
    if before is None or before.removed:
        return "written"
    kinds = [kind for kind in ("accounts", "chats", "groups", "more") if getattr(before, kind) != getattr(one, kind)]
    fields = sorted(
        field
        for field in {*before.settings, *one.settings}
        if before.settings.get(field) != one.settings.get(field)
        or (field in before.settings) != (field in one.settings)
    )
    return ", ".join([*kinds, *fields]) or "nothing"
