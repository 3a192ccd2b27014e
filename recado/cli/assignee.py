"""Checks the name of the user to whom a command gives a chat."""

from __future__ import annotations

import click

from events.jetstream.connection import Bus
from events.jetstream.users import JetStreamUsers
from events.log import LogMismatch
from events.users import Stored
from recado.printing import one_line


async def check_assigned(bus: Bus, name: str, account: str) -> None:
    """Raises ClickException where there are users, and none of those who may answer in the account has this name;
    LogUnavailable."""
    stored = await stored_users(bus)
    if not stored.may_have(name, account):
        there = ", ".join(stored.takers(account)) or "none"
        raise click.ClickException(
            f"{one_line(name)} is no user who may have chats of the account {one_line(account)}; there are: {there}. "
            "Nothing was changed"
        )


async def stored_users(bus: Bus) -> Stored:
    """The users of a bus; none on one that no instance of a release with users has run on. Raises LogUnavailable."""
    book = await JetStreamUsers.open(bus)
    try:
        return await book.look()
    except LogMismatch:
        return Stored()
    finally:
        await book.close()
