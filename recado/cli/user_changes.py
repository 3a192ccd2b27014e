"""Changes of users for `recado user`: each is made against all users as they stand, since one owner at least stays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from secrets import token_hex
from typing import NamedTuple, TypeVar

import click
import msgspec

from console.passwords import Passwords
from events.jetstream.connection import Bus
from events.jetstream.users import JetStreamUsers
from events.users import MOST_ACCOUNTS, Role, Stored, StoredUser, UserBook, UsersChanged
from recado.cli.bus_time import now_on
from recado.cli.control import by_user
from recado.cli.meant_account import meant_account
from recado.cli.session import settings
from recado.settings.settings import Settings
from recado.wiring.connect import connect

Change = Callable[[Stored, StoredUser], StoredUser]
"""A user after a change, beside all others. Raises ClickException."""

_TRIES = 5
_Made = TypeVar("_Made")


class Added(NamedTuple):
    """A user who was added, and whether they are the first one."""

    user: StoredUser
    is_first: bool


class _Open(NamedTuple):
    book: UserBook
    bus: Bus
    settings: Settings


async def look() -> Stored:
    async with _open() as there:
        return await there.book.look()


async def added(name: str, role: Role | None, accounts: tuple[str, ...], word: str | None) -> Added:
    """Add a user; `word`: their password. Raises ClickException."""
    hashed = await _hashed(word)

    async def once(there: _Open, stored: Stored, now: datetime) -> Added:
        if name in stored.users:
            raise click.ClickException(f"there is a user {name} already: recado user set or password changes them")
        chosen = role or ("agent" if stored.owners or accounts else "owner")
        if not stored.owners and chosen != "owner":
            raise click.ClickException("the first user is an owner: add one without --role and --account first")
        check_accounts(chosen, accounts)
        user = StoredUser(
            name=name,
            role=chosen,
            accounts=accounts or None,
            password=hashed,
            logins=token_hex(8),
            at=now,
            by=by_user(),
        )
        await there.book.write(user, expected=stored.seq)
        return Added(user, not stored)

    return await _repeated(once, accounts)


async def changed(name: str, change: Change, accounts: Sequence[str] = ()) -> StoredUser:
    """Change a user; `accounts`: those that are named in the change. Raises ClickException."""

    async def once(there: _Open, stored: Stored, now: datetime) -> StoredUser:
        user = msgspec.structs.replace(change(stored, _one(stored, name)), at=now, by=by_user())
        await there.book.write(user, expected=stored.seq)
        return user

    return await _repeated(once, accounts)


async def with_password(name: str, word: str | None) -> StoredUser:
    """Give a user another password, or none, and end their sessions. Raises ClickException."""
    hashed = await _hashed(word)
    return await changed(name, lambda _, one: msgspec.structs.replace(one, password=hashed, logins=token_hex(8)))


async def removed(name: str, *, yes: bool) -> None:
    """Remove a user. Raises ClickException."""

    async def once(there: _Open, stored: Stored, _: datetime) -> None:
        # One that cannot be read may be an owner.
        if name in stored.unread or _one(stored, name).role == "owner":
            check_owners(stored, name, yes=yes)
        await there.book.remove(name, by_user(), expected=stored.seq)

    await _repeated(once)


def check_accounts(role: Role, accounts: Sequence[str]) -> None:
    """Raises ClickException."""
    if role == "owner" and accounts:
        raise click.ClickException("an owner sees all accounts: leave --account out, or take another --role")
    if len(accounts) > MOST_ACCOUNTS:
        raise click.ClickException(f"these are {len(accounts)} accounts: give at most {MOST_ACCOUNTS}")


def check_owners(stored: Stored, name: str, *, yes: bool) -> None:
    """Refuse to leave no owner but this one, unless `yes`. Raises ClickException."""
    if yes or stored.owners - {name}:
        return
    rest = len({*stored.users, *stored.unread} - {name})
    then = f"none of the {rest} others could change a setting" if rest else "the page would be without users again"
    raise click.ClickException(f"{name} is the last owner, and {then}: add another owner first, or say --yes")


def _one(stored: Stored, name: str) -> StoredUser:
    if name in stored.unread:
        raise click.ClickException(f"the user {name} was written by a newer release: update this one")
    if name not in stored.users:
        known = ", ".join(sorted(stored.users)[:20]) or "none"
        raise click.ClickException(f"there is no user {name}; there are: {known}")
    return stored.users[name]


async def _hashed(word: str | None) -> str:
    return await Passwords().hashed(word) if word is not None else ""


async def _repeated(once: Callable[[_Open, Stored, datetime], Awaitable[_Made]], accounts: Sequence[str] = ()) -> _Made:
    """The result of `once`, tried again where the users were changed meanwhile."""
    async with _open() as there:
        for account in accounts:
            await meant_account(there.bus, there.settings, account)
        now, tries = await now_on(there.bus), 0
        while True:
            tries += 1
            try:
                return await once(there, await there.book.look(), now)
            except UsersChanged:
                if tries == _TRIES:
                    raise


@asynccontextmanager
async def _open() -> AsyncIterator[_Open]:
    chosen = settings()
    bus = await connect(chosen)
    try:
        book = await JetStreamUsers.open(bus)
        try:
            yield _Open(book, bus, chosen)
        finally:
            await book.close()
    finally:
        await bus.close()
