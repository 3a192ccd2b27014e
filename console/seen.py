"""Knows the chats that users of the desk have seen, and who has one open: in memory, shared over the bucket DESK.

All of it may be lost. A page never waits for it, and no failure of the bucket stops anything: a mark that could not
be written is dropped, and one line of the log says so until it works again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing

import msgspec
import structlog

from events.desk import LONGEST_NAME, LOOKS_LAST, Change, DeskMarks, Look, Portion, Seen, name_of, user_of
from events.log import LogError
from events.subjects import ChatKey

MOST_CHATS = 400_000
"""Chats whose marks are kept in memory; of more, those that were marked first are forgotten."""

MOST_LOOKS = 4096
"""Pairs of a chat and a user who has it open."""

MOST_UNWRITTEN = 1024
"""Entries that wait to be written; more are dropped."""

WRITTEN_AGAIN = 10.0
"""Seconds after which an unchanged look is written again; pages say it oftener."""

log = structlog.get_logger("recado.console")


class _Looking(msgspec.Struct):
    look: Look
    until: float
    written: float


class Looking(msgspec.Struct, frozen=True):
    """The names of the users who have a chat open, and of those who are typing there."""

    looking: tuple[str, ...]
    writing: tuple[str, ...]


class SeenChats:
    """The marks of all users together. Without `marks` they are those of this process alone.

    - `now`: seconds of a clock that never goes back.
    """

    def __init__(self, marks: DeskMarks | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._marks = marks
        self._now = now
        self._upto: dict[str, int] = {}
        self._looking: dict[str, dict[str, _Looking]] = {}
        self._looks = 0
        self._unwritten: dict[tuple[ChatKey, str], Seen | Look | None] = {}
        self._some = asyncio.Event()
        self._is_told = False

    def upto(self, key: ChatKey) -> int:
        """The sequence of the log up to which some user has seen the chat; 0 if none has."""
        return self._upto.get(name_of(key), 0)

    def mark(self, key: ChatKey, seq: int, by: str) -> None:
        """The user `by` has seen the chat up to the sequence `seq`. A mark never goes back."""
        if seq <= self.upto(key):
            return
        seen = Seen(seq, by[:LONGEST_NAME])
        self._note(name_of(key), seen)
        self._write(key, "", seen)

    def look(self, key: ChatKey, by: str, *, writing: bool = False) -> None:
        """The user `by` has the chat open, and is typing there or not; this holds for LOOKS_LAST seconds."""
        look, name, user = Look(by[:LONGEST_NAME], writing), name_of(key), user_of(by[:LONGEST_NAME])
        before, now = self._looking.get(name, {}).get(user), self._now()
        is_new = before is None or before.look != look or now - before.written >= WRITTEN_AGAIN
        self._open(name, user, look, written=now if is_new or before is None else before.written)
        if is_new:
            self._write(key, look.by, look)

    def leave(self, key: ChatKey, by: str) -> None:
        """The user `by` has closed the chat."""
        by = by[:LONGEST_NAME]
        if self._close(name_of(key), user_of(by)):
            self._write(key, by, None)

    def looking(self, key: ChatKey) -> Sequence[str]:
        """The names of the users who have the chat open, by the alphabet."""
        return sorted(look.by for look in self._open_looks(key))

    def writing(self, key: ChatKey) -> Sequence[str]:
        """Those of them who are typing there."""
        return sorted(look.by for look in self._open_looks(key) if look.writing)

    async def run(self) -> None:
        """Follow the bucket and write to it, until cancelled."""
        if self._marks is None:
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(self._marks))
            group.create_task(self._write_all(self._marks))

    async def _follow(self, marks: DeskMarks) -> None:
        try:
            async with aclosing(marks.follow()) as portions:  # type: ignore[type-var]
                async for portion in portions:
                    self.take(portion)
        except LogError as error:  # the connection is closed for good
            log.info("desk.not_followed", reason=str(error))

    def take(self, portion: Portion) -> None:
        """Take an entry of the bucket."""
        if portion.is_from_start:
            self._upto.clear()
            self._looking.clear()
            self._looks = 0
        for change in portion.changes:
            self._take(change)

    def _take(self, change: Change) -> None:
        match change.entry:
            case Seen():
                self._note(change.name, change.entry)
            case Look():
                self._open(change.name, change.user, change.entry, written=self._now())
            case None if change.user:
                self._close(change.name, change.user)
            case None:
                self._upto.pop(change.name, None)

    async def _write_all(self, marks: DeskMarks) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            unwritten, self._unwritten = self._unwritten, {}
            try:
                for (key, by), entry in unwritten.items():
                    await _write(marks, key, by, entry)
                self._is_told = False
            except LogError as error:
                if not self._is_told:
                    log.warning("desk.not_written", reason=str(error), then="chats may be shown as unread again")
                self._is_told = True

    def _write(self, key: ChatKey, by: str, entry: Seen | Look | None) -> None:
        if self._marks is None:
            return
        if len(self._unwritten) < MOST_UNWRITTEN or (key, by) in self._unwritten:
            self._unwritten[key, by] = entry
        elif not self._is_told:
            self._is_told = True
            log.warning("desk.not_written", reason="the bus is too slow", then="chats may be shown as unread again")
        self._some.set()

    def _note(self, name: str, seen: Seen) -> None:
        self._upto[name] = max(seen.seq, self._upto.pop(name, 0))
        if len(self._upto) > MOST_CHATS:
            del self._upto[next(iter(self._upto))]

    def _open(self, name: str, user: str, look: Look, *, written: float) -> None:
        until = self._now() + LOOKS_LAST
        there = self._looking.setdefault(name, {})
        if user not in there:
            if self._looks >= MOST_LOOKS:
                self._sweep()
                there = self._looking.setdefault(name, {})
            if self._looks >= MOST_LOOKS:  # then who is there is not shown
                return
            self._looks += 1
        there[user] = _Looking(look, until, written)

    def _close(self, name: str, user: str) -> bool:
        there = self._looking.get(name, {})
        if there.pop(user, None) is None:
            return False
        self._looks -= 1
        if not there:
            del self._looking[name]
        return True

    def _sweep(self) -> None:
        now = self._now()
        for name, there in list(self._looking.items()):
            for user in [user for user, one in there.items() if one.until <= now]:
                self._close(name, user)
            if not there:
                self._looking.pop(name, None)

    def _open_looks(self, key: ChatKey) -> list[Look]:
        now = self._now()
        return [one.look for one in self._looking.get(name_of(key), {}).values() if one.until > now]


async def _write(marks: DeskMarks, key: ChatKey, by: str, entry: Seen | Look | None) -> None:
    match entry:
        case Seen():
            await marks.see(key, entry)
        case Look():
            await marks.look(key, entry)
        case None:
            await marks.leave(key, by)


def looking(seen: SeenChats, key: ChatKey) -> Looking:
    """The users who have the chat open now."""
    return Looking(tuple(seen.looking(key)), tuple(seen.writing(key)))
