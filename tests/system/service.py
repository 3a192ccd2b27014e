"""One recado that many tests send bad input to; each has a chat of its own, and looks whether it still answers."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from events.recorded import Recorded
from events.subjects import ChatKey
from tests.chaos.log_watch import LogWatch, watching
from tests.chaos.outsider import Outsider, outsider
from tests.chaos.process import Recado
from tests.nats_server import NatsServer

_numbers: Iterator[int] = itertools.count(1)


class Service(NamedTuple):
    """A running recado, its log, and a client outside."""

    server: NatsServer
    recado: Recado
    log: LogWatch
    outsider: Outsider

    async def still_answers(self, key: ChatKey) -> None:
        """The chat goes on, and so does another one."""
        for each in (key, fresh_chat()):
            message = f"and now {next(_numbers)}"
            await self.outsider.write(each, message, message)
            ending = await self.log.ended(each, message)
            assert ending.event.text == f"echo: {message}"
        assert not [violation for violation in self.log.checker.violations if violation.key == key]

    async def ignored(self, key: ChatKey, message: str) -> str:
        """The reason for which the message was ignored."""
        ending = await self.log.ended(key, message)
        assert ending.type == "ignored", ending
        reason: str = ending.event.reason
        return reason

    async def dead_letter(self, seq: int) -> tuple[bytes, str]:
        """The bytes and the reason of the dead letter that was made of the event at `seq`."""
        letters = self.outsider.bus.jetstream()
        for number in range(1, (await letters.stream_info("DLQ")).state.last_seq + 1):
            letter = await letters.get_msg("DLQ", number)
            assert letter.headers is not None
            if letter.headers["Nats-Msg-Id"] == f"dlq:{seq}":
                return letter.data or b"", letter.headers["Recado-Reason"]
        raise AssertionError(f"there is no dead letter of {seq}")

    async def why(self, message: str) -> dict[str, Any]:
        """What `recado why` says of an id that one chat has."""
        told = await self.recado.run("why", message, "--json")
        assert told.code == 0, told
        (known,) = json.loads(told.out)
        return dict(known)

    def of(self, key: ChatKey) -> list[Recorded]:
        """The events of the chat in the log."""
        return [recorded for recorded in self.log.events if recorded.key == key]


def fresh_chat() -> ChatKey:
    """A chat without any message, in no worker's tests."""
    return ChatKey("local", f"5511{os.getpid():07}{next(_numbers):04}@s.whatsapp.net")


@asynccontextmanager
async def service_of(server: NatsServer, process: Recado) -> AsyncIterator[Service]:
    """Look at a running recado from outside."""
    async with watching(server.url) as log, outsider(server.url) as someone:
        yield Service(server, process, log, someone)
