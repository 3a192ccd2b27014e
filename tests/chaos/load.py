"""People who write all the time: bursts, repeats, orders, and things that nobody should send."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from events.subjects import ChatKey
from tests.chaos.log_watch import LogWatch, watching
from tests.chaos.outsider import Outsider, outsider
from tests.doubles.openai_server import OpenAIDouble

CHATS = tuple(ChatKey(("local", "shop")[n % 2], f"55119{n:08}@s.whatsapp.net") for n in range(200))
SETTINGS = {"RECADO_DEBOUNCE": "0.05", "RECADO_RUN_TIMEOUT": "3"}
"""Of a recado under this load: the model hangs now and then, and nobody wants to wait for that."""

REFUSED = "FLAGGED"
"""The model refuses messages with this word."""

PUBACK_WITHIN = 1.0
"""Seconds until somebody writes a message once more."""

AT_ONCE = 50
"""People who write at the same time at most, while the server is away."""


class Mix(NamedTuple):
    """How many write, seconds between two things that happen on average, and how often each of them does (weights)."""

    chats: int = 50
    pause: float = 0.04
    burst: int = 60
    repeat: int = 12
    nonsense: int = 12
    refused: int = 4
    order: int = 8
    trouble_at_the_provider: int = 4


FIFTY = Mix()


class Load:
    """`acknowledged` are the ids whose message the server promised to keep."""

    def __init__(self, outsider: Outsider, model: OpenAIDouble, dice: random.Random, mix: Mix = FIFTY) -> None:
        self.acknowledged: list[tuple[ChatKey, str]] = []
        self._outsider = outsider
        self._model = model
        self._dice = dice
        self._mix = mix
        self._chats = CHATS[: mix.chats]
        self._count = 0
        self._free = asyncio.Semaphore(AT_ONCE)
        self._stopping = asyncio.Event()
        model.fail("flagged_prompt", times=None, match=REFUSED)

    async def run(self) -> None:
        """Write until stopped, and until all that was begun is stored."""
        happenings: dict[Callable[[ChatKey], Coroutine[Any, Any, None]], int] = {
            self._burst: self._mix.burst,
            self._repeat: self._mix.repeat,
            self._nonsense: self._mix.nonsense,
            self._refused: self._mix.refused,
            self._order: self._mix.order,
            self._trouble_at_the_provider: self._mix.trouble_at_the_provider,
        }
        async with asyncio.TaskGroup() as writers:
            while not self._stopping.is_set():
                (happens,) = self._dice.choices(list(happenings), list(happenings.values()))
                await self._free.acquire()
                writer = writers.create_task(happens(self._dice.choice(self._chats)))
                writer.add_done_callback(lambda _: self._free.release())
                await asyncio.sleep(self._dice.expovariate(1 / self._mix.pause))

    def stop(self) -> None:
        self._stopping.set()

    async def answered(self) -> tuple[ChatKey, str]:
        """Write one message now; whoever waits for its ending knows that the service works."""
        key, id_ = self._dice.choice(self._chats), self._fresh("probe")
        await self._write(key, id_, "are you there?")
        return key, id_

    async def _burst(self, key: ChatKey) -> None:
        for _ in range(self._dice.randint(1, 4)):
            await self._write(key, self._fresh("m"), "hello")
            await asyncio.sleep(self._dice.expovariate(20))

    async def _repeat(self, _: ChatKey) -> None:
        """The same id once more: within the server's duplicate window, or past it."""
        if self.acknowledged:
            key, id_ = self._dice.choice(self.acknowledged)
            await self._write(key, id_, "hello", header=self._dice.random() < 0.5)

    async def _refused(self, key: ChatKey) -> None:
        await self._write(key, self._fresh("m"), f"something {REFUSED}")

    async def _nonsense(self, key: ChatKey) -> None:
        id_ = self._fresh("bad")
        old = (datetime.now(UTC) - timedelta(days=3)).isoformat()
        body = self._dice.choice(
            [
                b"{not json",
                b"",
                b'{"text": "no id"}',
                json.dumps({"id": id_, "text": 7}).encode(),
                json.dumps({"id": id_, "text": ""}).encode(),
                json.dumps({"id": id_, "text": "old", "at": old}).encode(),
                json.dumps({"id": id_, "kind": "hologram"}).encode(),
                json.dumps({"id": id_, "text": "\x00\x07bell\x1b[31m"}).encode(),
                json.dumps({"id": id_, "text": "elsewhere", "chat": "1@g.us"}).encode(),
            ]
        )
        await self._outsider.stored(self._dice.choice(["in", "in", "control", "edit"]), key, body)

    async def _order(self, key: ChatKey) -> None:
        command = self._dice.choice(["pause", "pause a while", "send", "reset", "retry", "erase"])
        match command:
            case "pause":
                await self._command(key, "pause")
                await asyncio.sleep(self._dice.uniform(0, 1))
                await self._command(key, "resume")
            case "pause a while":
                until = datetime.now(UTC) + timedelta(seconds=self._dice.uniform(0.1, 2))
                await self._command(key, "pause", until=until.isoformat())
            case _:
                await self._command(key, command, text="by hand")

    async def _trouble_at_the_provider(self, _: ChatKey) -> None:
        self._model.fail(self._dice.choice(["server_error", "drop", "truncated", "rate_limit", "hang", "refusal"]))

    async def _command(self, key: ChatKey, command: str, **fields: Any) -> None:
        body = json.dumps({"id": self._fresh("c"), "command": command, **fields}).encode()
        await self._outsider.stored("control", key, body)

    async def _write(self, key: ChatKey, id_: str, text: str, *, header: bool = True) -> None:
        await self._outsider.written(key, id_, text, header=header)
        self.acknowledged.append((key, id_))

    def _fresh(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"


@asynccontextmanager
async def writing(someone: Outsider, model: OpenAIDouble, dice: random.Random, mix: Mix = FIFTY) -> AsyncIterator[Load]:
    """People write while the block runs; when it is left, what they began is stored."""
    people = Load(someone, model, dice, mix)
    running = asyncio.create_task(people.run())
    try:
        yield people
        people.stop()
        await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def load(
    url: str, token: str | None, model: OpenAIDouble, dice: random.Random
) -> AsyncIterator[tuple[Load, LogWatch]]:
    """`writing` by a program on the bus at `url`, of one server, and the log of it; no reply is heard twice."""
    async with (
        watching(url, token) as log,
        outsider(url, token, patience=PUBACK_WITHIN) as someone,
        writing(someone, model, dice) as people,
    ):
        yield people, log
    someone.heard_once(servers=1)
