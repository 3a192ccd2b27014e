"""Stores inbound messages for every gateway, which acknowledges a message to its sender only after the log has it.

Each is stored under its person's canonical name, whichever name it came with.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from msgspec.structs import replace

from events.inbound import INBOUND_TYPE_OF, LONGEST_ID, Edit, Message, Revoke
from events.jid import PHONE, held_since, is_group, number_of, people_in
from events.log import Appended, EventLog, LogError, LogFull
from events.phrases import Phrase
from events.subjects import ChatKey
from gateways.names.person import Person, is_person

FULL_AT = 0.9
"""Share of the log's limit above which no new message is stored: the rest is for endings and receipts."""

_LOOK_EVERY = 1.0


class LogNearlyFull(LogFull):
    """`size` of `limit` bytes are used; the message was not stored."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            Phrase(
                "the log is %(share)s%% full (%(size)s of %(limit)s bytes): nothing new is taken in until there is "
                "room; give the stream EVENTS more max_bytes",
                share=round(100 * size / limit),
                size=size,
                limit=limit,
            )
        )
        self.size = size
        self.limit = limit


class MessageIdRefused(LogError):
    """The id has `size` characters, which no reader of the log accepts; the message was not stored."""

    def __init__(self, size: int) -> None:
        super().__init__(
            Phrase("the message's id has %(size)s characters: give it 1 to %(most)s", size=size, most=LONGEST_ID)
        )
        self.size = size


class People(Protocol):
    """The names of people; see gateways.names.names.Names."""

    def check(self) -> None: ...

    def at_once(self, account: str, names: Sequence[str]) -> Person | None: ...

    async def person(self, account: str, names: Sequence[str]) -> Person: ...

    async def renamed(self, account: str, former: Sequence[str], now: Sequence[str], since: int) -> Person | None: ...

    async def reached_by(self, account: str, chat: str) -> str | None: ...


class NoPeople:
    """Every name is a person of its own."""

    def check(self) -> None: ...

    def at_once(self, account: str, names: Sequence[str]) -> Person | None:  # noqa: ARG002 - the protocol's
        return Person(names[0], tuple(names[1:]))

    async def person(self, account: str, names: Sequence[str]) -> Person:  # noqa: ARG002 - the protocol's
        return Person(names[0], tuple(names[1:]))

    async def renamed(self, account: str, former: Sequence[str], now: Sequence[str], since: int) -> Person | None:  # noqa: ARG002
        return None

    async def reached_by(self, account: str, chat: str) -> str | None:  # noqa: ARG002
        return chat


class Intake:
    """Stores messages, edits and deletions; `people` knows under which name."""

    def __init__(self, log: EventLog, people: People | None = None) -> None:
        self._log = log
        self._people = people or NoPeople()
        self._looked = -_LOOK_EVERY

    async def room(self) -> None:
        """Check, at most once a second, that the log has space. Raises LogNearlyFull, LogUnavailable."""
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY:
            return
        head = await self._log.head()
        if head.limit and head.size >= FULL_AT * head.limit:
            raise LogNearlyFull(head.size, head.limit)
        self._looked = now

    async def store(self, key: ChatKey, event: Message | Edit | Revoke, names: Sequence[str] = ()) -> Appended:
        """Store the event; returns its place in the log.

        - `key`: the chat: a group, or the name with which the person came.
        - `names`: other names of the chat's person, of an event that has no field for them.

        Raises MessageIdRefused, LogNearlyFull, LogFull, EventTooLarge, LogUnavailable. After LogUnavailable the same
        event may be stored again, and counts once.
        """
        if not 1 <= len(event.id) <= LONGEST_ID:
            raise MessageIdRefused(len(event.id))
        await self.room()
        key, event = await self._named(key, event, names)
        msg_id = f"{INBOUND_TYPE_OF[type(event)]}:{key.account}:{key.chat}:{event.id}"
        return await self._log.publish(key, event, msg_id=msg_id)

    async def _named(
        self, key: ChatKey, event: Message | Edit | Revoke, names: Sequence[str]
    ) -> tuple[ChatKey, Message | Edit | Revoke]:
        """The event with the canonical names of its chat and its sender."""
        sender = event.sender if isinstance(event, Message) else None
        aliases = people_in(event.aliases) if isinstance(event, Message) else ()
        if is_group(key.chat):
            if not isinstance(event, Message) or sender is None or not is_person(sender):
                return key, event
            person = await self._person(key.account, (sender, *aliases))
            if (person.chat, person.others) == (sender, event.aliases):
                return key, event
            return key, replace(event, sender=person.chat, aliases=person.others)
        if not is_person(key.chat):
            return key, event
        person = await self._person(key.account, (key.chat, *aliases, *names))
        if event.at is not None and event.at.timestamp() <= held_since(person.chat):
            # The number's former holder wrote it, whose chat has closed and moves it.
            return ChatKey(key.account, number_of(person.chat) + PHONE), event
        if isinstance(event, Message) and (sender is not None or person.others != event.aliases):
            is_theirs = sender is None or sender in (key.chat, *aliases, *names)
            event = replace(event, sender=None if is_theirs else sender, aliases=person.others)
        return (key if person.chat == key.chat else ChatKey(key.account, person.chat)), event

    async def _person(self, account: str, names: Sequence[str]) -> Person:
        self._people.check()
        return self._people.at_once(account, names) or await self._people.person(account, names)
