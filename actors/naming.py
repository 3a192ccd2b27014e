"""Settles the names that messages on the bus bring. A gateway settles them before it stores a message; other programs
leave that to the chat, and two gateways may learn of a name at the same moment."""

from __future__ import annotations

from collections.abc import Iterator

from actors.in_flight import InFlight
from actors.instance import Instance
from actors.joining import named
from actors.messages import LookAgain
from chat.state import Chat
from events.jid import is_group, people_in
from events.subjects import ChatKey


class Naming:
    """The names in the waiting messages of the chat `key`."""

    __slots__ = ("_begun", "_done", "_in_flight", "_instance", "_key")

    def __init__(self, key: ChatKey, instance: Instance, in_flight: InFlight) -> None:
        self._key = key
        self._instance = instance
        self._in_flight = in_flight
        self._begun: set[tuple[str, ...]] = set()
        self._done: set[tuple[str, ...]] = set()

    def is_settled(self, chat: Chat) -> bool:
        """True if the messages may be answered here. If not, what is missing has begun: the names are written, and the
        chat is ordered to close into another one of the same person."""
        if not chat.waiting or chat.into:
            return True
        account, place = self._key
        settled = True
        for names in self._names_in(chat):
            person = self._instance.people.at_once(account, names)
            if person is None:
                is_here = names in self._done
            else:
                is_here = names[0] != place or person.chat == place
                is_here = is_here or any(joint.chat == person.chat for joint in chat.joints)
                is_here = is_here or not self._instance.may_join
            if not is_here:
                settled = False
                self._begin(names)
        return settled

    def _names_in(self, chat: Chat) -> Iterator[tuple[str, ...]]:
        place = self._key.chat
        if is_group(place):
            people = dict.fromkeys(people_in((one.sender, *one.aliases)) for one in chat.waiting if one.aliases)
            yield from (names for names in people if len(names) > 1)
        else:
            others = people_in(name for one in chat.waiting for name in one.aliases)
            yield (place, *(name for name in others if name != place))

    def _begin(self, names: tuple[str, ...]) -> None:
        if names in self._begun:
            return
        self._begun.add(names)

        def settled(_: None) -> LookAgain:
            self._done.add(names)
            return LookAgain()

        self._in_flight.start(named(self._instance, self._key, names), settled)
