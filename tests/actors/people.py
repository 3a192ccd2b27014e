"""The names of people in memory, as every instance and gateway of a test knows them."""

from __future__ import annotations

from collections.abc import Sequence

from actors.instance import Itself
from events.inbound import Control
from events.jid import held_since, number_of
from events.log import EventLog
from events.subjects import ChatKey
from gateways.names.changed_hands import leaves
from gateways.names.known import Known


class Book:
    """Names without a bus: what is written is known everywhere at once."""

    def __init__(self, log: EventLog) -> None:
        self.known = Known()
        self.written = list[str]()
        self.erased = list[str]()
        self._log = log

    def at_once(self, account: str, names: Sequence[str]) -> Itself | None:
        chats = {self.known.canonical(name) for name in names}
        return Itself(chats.pop()) if len(chats) == 1 else None

    async def person(self, account: str, names: Sequence[str]) -> Itself:
        """As gateways.names.names.Names: the chat that began first stays."""
        chats = list(dict.fromkeys(self.known.canonical(name) for name in names))
        begun = [(first, chat) for chat in chats if (first := await self._first(ChatKey(account, chat)))]
        stays = min(begun)[1] if begun else chats[0]
        for chat in chats:
            if chat != stays:
                self.known.put(chat, stays)
                if any(chat == other for _, other in begun):
                    await self.order_join(account, chat, stays)
        return Itself(stays)

    def changed_hands(self, account: str, name: str) -> bool:
        canonical = self.known.canonical(name)
        return held_since(canonical) > held_since(name) and number_of(canonical) == number_of(name)

    async def closed(self, account: str, chat: str, into: str) -> None:
        if not self.changed_hands(account, chat):
            await self.person(account, (into, chat))

    async def moves(self, account: str, former: str, now: str, since: int) -> None:
        """The person `former` has the number `now` since a time."""
        root, target = self.known.canonical(former), self.known.canonical(now)
        for name, canonical in list(leaves(self.known, root, target, since)):
            self.known.put(name, canonical)
        await self.order_join(account, root, target)

    def family(self, account: str, name: str) -> tuple[str, ...]:
        return self.known.family(name)

    async def order_join(self, account: str, chat: str, into: str) -> None:
        for place, order in (
            (into, Control(id=f"join:{chat}", command="join", from_=chat)),
            (chat, Control(id=f"join:{chat}", command="join", into=into)),
        ):
            await self._log.publish(ChatKey(account, place), order, msg_id="")

    async def erase(self, account: str, names: Sequence[str]) -> None:
        for name in names:
            self.known.remove(name)
            self.erased.append(name)

    async def _first(self, key: ChatKey) -> int:
        async for recorded in self._log.of_chat(key, 2**62):
            return recorded.seq
        return 0
