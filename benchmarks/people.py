"""People who write to a bot and read its replies, through NATS alone: the same for every bot."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

from benchmarks.bus import ACCOUNT
from events.subjects import ChatKey, inbound_subject, token

ANSWERED_WITHIN = 120.0


class _Reply(msgspec.Struct):
    chat: str
    in_reply_to: list[str]


_replies = msgspec.json.Decoder(_Reply)


def key_of(number: int, account: str = ACCOUNT) -> ChatKey:
    """The chat of person `number`."""
    return ChatKey(account, f"55119{number:08}@s.whatsapp.net")


def words(number: int) -> str:
    """A person's message of about 80 characters."""
    return f"Message {number}: my rear wheel wobbles and the chain slips, can I come by at {number % 12 + 7}:30?"


class People:
    """People on one connection, who write to one account; `took` holds the seconds from each message to its reply, in
    the order of replies."""

    def __init__(self, connection: Client, account: str = ACCOUNT) -> None:
        self._connection = connection
        self._account = account
        self._sent: dict[str, tuple[float, int]] = {}
        self._numbers = itertools.count(1)
        self._go_on = 0
        self._done = asyncio.Event()
        self.took: list[float] = []

    @classmethod
    @asynccontextmanager
    async def at(cls, url: str, account: str = ACCOUNT) -> AsyncIterator[People]:
        connection = await nats.connect(url)
        try:
            self = cls(connection, account)
            await connection.subscribe(f"wa.out.{token(account)}.*", cb=self._on_reply)
            yield self
        finally:
            await connection.close()

    async def converse(self, chats: int, messages: int) -> None:
        """Write `messages` messages in all; each of `chats` writes the next one when the last is answered."""
        self._begin(go_on=messages - chats)
        for person in range(min(chats, messages)):
            await self._write(person)
        await self._all_answered()

    def enough(self) -> None:
        """Have nobody write a further message; `converse` returns when all are answered."""
        self._go_on = 0

    async def write_at(self, rate: float, messages: int, chats: int, seed: int) -> None:
        """Write at random moments, `rate` a second on average, to the chats in turn."""
        self._begin(go_on=0)
        chance = random.Random(seed)
        due = time.perf_counter()
        for number in range(messages):
            due += chance.expovariate(rate)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await self._write(number % chats)
        await self._all_answered()

    def _begin(self, go_on: int) -> None:
        self._go_on = go_on
        self.took = []

    async def _all_answered(self) -> None:
        async with asyncio.timeout(ANSWERED_WITHIN):
            while self._sent or self._go_on > 0:
                self._done.clear()
                await self._done.wait()

    async def _write(self, person: int) -> None:
        number = next(self._numbers)
        key, id_ = key_of(person, self._account), f"wamid.{number}"
        body = msgspec.json.encode({"id": id_, "sender": key.chat, "name": f"Person {person}", "text": words(number)})
        self._sent[id_] = time.perf_counter(), person
        await self._connection.publish(
            inbound_subject(key, "in"), body, headers={"Nats-Msg-Id": f"in:{key.account}:{key.chat}:{id_}"}
        )

    async def _on_reply(self, message: Msg) -> None:
        now = time.perf_counter()
        for id_ in _replies.decode(message.data).in_reply_to:
            sent, person = self._sent.pop(id_)
            self.took.append(now - sent)
            if self._go_on > 0:
                self._go_on -= 1
                await self._write(person)
        if not self._sent:
            self._done.set()
