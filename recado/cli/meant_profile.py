"""The profile that an option `--profile` means: a stored version, or a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click

from events.jetstream.connection import Bus
from events.jetstream.profiles import JetStreamProfileLog
from events.log import LogMismatch
from events.numbers import whole_number
from events.profile import DEFAULT, NAME, NONE_IN_FORCE, InForce, Profile
from events.profile_log import ProfileLog, Stored
from recado.cli.log import OpenLog
from recado.profiles.applying import applied, lacking, problems_of
from recado.profiles.changes import Author
from recado.profiles.files import FilesWrong, documents
from recado.profiles.overlay import ProfileUnusable
from recado.whatif.ways import SettingsOf


class Version(NamedTuple):
    """A stored version of a profile; `n` None: the one in force."""

    name: str
    n: int | None

    @property
    def ref(self) -> str:
        return self.name if self.n is None else f"{self.name}@{self.n}"


def version(ref: str) -> Version:
    """The version that NAME or NAME@N means. Raises click.UsageError."""
    name, at, number = ref.partition("@")
    if name == DEFAULT:
        raise click.ClickException("default is the settings of the instances (.env): recado doctor checks them")
    n = whole_number(number)
    if not NAME.fullmatch(name) or (at and n is None):
        raise click.BadParameter(f"{ref!r} is no NAME or NAME@N", param_hint="NAME[@N]")
    return Version(name, n)


class MeantProfile(click.ParamType[Version | Path]):
    """A NAME, a NAME@N, or a file: what is no name is the path of a file."""

    name = "profile"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Version | Path:
        if NAME.fullmatch(value.partition("@")[0]):
            return version(value)
        if not Path(value).is_file():
            self.fail(f"{value} is no file, and no NAME or NAME@N of a profile", param, ctx)
        return Path(value)


profile_option = click.option(
    "--profile", "meant", type=MeantProfile(), metavar="NAME[@N]|FILE", help="By this profile, or by that of a file."
)


async def stored_version(profiles: ProfileLog, stored: Stored, asked: Version) -> Profile:
    """The version. Raises click.ClickException if there is none."""
    name, n = asked
    found = stored.in_force.profiles.get(name) if n is None else await profiles.version(name, n)
    if found is None:
        raise click.ClickException(f"there is no profile {asked.ref} in force: recado profile list shows them")
    return found


async def in_force_on(bus: Bus) -> InForce:
    """The profiles in force. None are where no instance of this release has run."""
    profiles = await JetStreamProfileLog.open(bus)
    try:
        return (await profiles.look()).in_force
    except LogMismatch:
        return NONE_IN_FORCE
    finally:
        await profiles.close()


async def meant_profile(meant: Version | Path, there: OpenLog, settings_of: SettingsOf) -> tuple[Profile, InForce]:
    """The profile, and the stored ones that are in force. A file is refused as by `recado profile apply`, and also if
    this machine lacks a key that it names."""
    profiles = await JetStreamProfileLog.open(there.bus)
    try:
        stored = await profiles.look()
        if isinstance(meant, Version):
            found = await stored_version(profiles, stored, meant)
            if found.removed:
                raise click.ClickException(f"{found.ref} ended the profile: name an older version")
            return found, stored.in_force
        (document,) = documents([meant])
        author = Author("", (await there.log.head()).now)
        there_now = await applied([document], stored, settings_of, there.log, author, folder=False)
    finally:
        await profiles.close()
    _refuse(there_now.lacks)
    if there_now.changes:
        return there_now.changes[0].after, stored.in_force
    return stored.in_force.profiles[document.name], stored.in_force


def profile_in(path: Path, settings_of: SettingsOf) -> Profile:
    """The profile in a file, apart from those that are stored. Raises as `meant_profile`."""
    (document,) = documents([path])
    found = Profile(name=document.name, n=1, at=datetime.now(UTC), settings=document.settings)
    problems, lacks = problems_of(document, found, None, settings_of)
    if problems:
        raise FilesWrong(problems)
    _refuse({found.name: lacks} if lacks else {})
    return found


def refused(profile: Profile, unusable: ProfileUnusable, called: str) -> click.ClickException:
    """The refusal of a profile that this machine cannot use, in the words of `recado profile apply`."""
    lines = [f"{called}: {fault.problem}" for fault in unusable.faults if not fault.lacks]
    if unusable.lacks:
        lines.append(lacking(profile.name, unusable.lacks))
    return click.ClickException("\n".join(lines))


def _refuse(lacks: dict[str, tuple[str, ...]]) -> None:
    if lacks:
        raise click.ClickException("\n".join(lacking(name, variables) for name, variables in lacks.items()))
