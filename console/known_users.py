"""The users of the desk as this process knows them: it follows the bucket."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import datetime

import msgspec
import structlog

from events.users import Removed, Stored, StoredUser, User, UserBook, UsersChanged

_TRIES = 5
_TOLD_WITHIN = 5.0
_TOLD = ("role", "accounts", "password", "logins")

log = structlog.get_logger("recado.users")


class KnownUsers:
    """The users of a book. `follow` must run."""

    def __init__(self, book: UserBook) -> None:
        self.read = asyncio.Event()
        """Set once they are known."""
        self._book = book
        self._stored: Stored | None = None
        self._news = asyncio.Event()

    async def follow(self) -> None:
        """Keep up with the book until cancelled."""
        async with aclosing(self._book.follow()) as changes:
            async for stored in changes:
                if self._stored is not None:
                    _tell(self._stored, stored)
                self._stored = stored
                self.read.set()
                news, self._news = self._news, asyncio.Event()
                news.set()

    @property
    def are_read(self) -> bool:
        return self._stored is not None

    @property
    def are_some(self) -> bool:
        return bool(self._stored)

    def find(self, name: str) -> StoredUser | None:
        return self._stored.users.get(name) if self._stored is not None else None

    @property
    def stored(self) -> Stored:
        """Every user; none while they are not known yet."""
        return self._stored or Stored()

    async def change(self, user: User, now: datetime, **fields: object) -> StoredUser | None:
        """Change fields of the user's own entry; returns the entry once it is known here, or None if the user is gone.
        Raises UsersChanged, LogError."""
        for _ in range(_TRIES):
            stored = await self._book.look()
            entry = stored.users.get(user.name)
            if entry is None:
                return None
            changed = msgspec.structs.replace(entry, **fields, by=user.name, at=now)
            try:
                seq = await self._book.write(changed, expected=stored.seq)
            except UsersChanged:
                continue
            await self._known_upto(seq)
            return changed
        raise UsersChanged

    async def _known_upto(self, seq: int) -> None:
        try:
            async with asyncio.timeout(_TOLD_WITHIN):
                while self._stored is None or self._stored.seq < seq:
                    await self._news.wait()
        except TimeoutError:
            log.warning("users_not_told", seq=seq, then="it holds here once the bus tells it")


def _tell(before: Stored, after: Stored) -> None:
    """Log the change, and its author."""
    for name in sorted({*before.users, *after.users}):
        old, new = before.users.get(name), after.users.get(name)
        if new is None:
            log.info("user_removed", name=name, by=after.removed.get(name, Removed()).by or "unknown")
        elif old is None:
            log.info("user_added", name=name, role=new.role, accounts=new.accounts, by=new.by)
        elif old != new:
            changed = [field for field in _TOLD if getattr(old, field) != getattr(new, field)]
            log.info("user_changed", name=name, fields=changed, role=new.role, accounts=new.accounts, by=new.by)
    if after and not before:
        log.info("users_made", then="people log in with a name; the page's password, if it has one, is for programs")
    elif before and not after:
        log.warning("users_gone", then="the page is as it was before there were users")
