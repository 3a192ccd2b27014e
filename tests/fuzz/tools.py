"""Tools that give anything back or raise it: functions, and services on a bus that is played here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import nats.errors

from actors.handoff import HumanWanted
from actors.tools import services as service_tools
from actors.tools.python import PythonTool
from actors.tools.services import ServiceTools
from actors.tools.toolbox import Toolbox
from events.subjects import ChatKey
from tests.fuzz.graph import ACCOUNT
from tests.fuzz.tally import Tally
from tests.fuzz.values import Values, dumped

_RAISED = (
    ValueError, RecursionError, SystemExit, KeyError, OSError, StopIteration, TimeoutError, MemoryError,
    asyncio.CancelledError,
)  # fmt: skip


class Unprintable(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


class Tools:
    """The toolbox, and what it finds when it looks again: services that describe themselves in any way."""

    def __init__(self, values: Values, tally: Tally) -> None:
        self._values = values
        self._tally = tally
        self._described: list[bytes] = []
        self._heard: Callable[[Any], Awaitable[None]] | None = None
        self.services = ServiceTools(self, patience=1.0)  # type: ignore[arg-type]
        functions = [PythonTool(function) for function in (self._function(), self._coroutine())]
        self.box = Toolbox({each.tool.name: each for each in functions}, self.services, hands_off=True)

    async def look(self, count: int) -> None:
        """Have `count` services describe themselves."""
        self._described = [self.metadata() for _ in range(count)]
        for described in self._described:
            self._tally.put("service metadata", None, read=bool(service_tools._tools_in(described, set())))
        await self.services.look()
        assert service_tools.HANDOFF not in self.services.found, "a service took a name of recado's own"
        strange = [tool.subject for tool in self.services.found.values() if not tool.subject.startswith("tools.")]
        assert not strange, f"recado would publish, with its own rights, on {strange}"

    def metadata(self) -> bytes:
        values = self._values
        told = values.struct(service_tools._Described, odd=values.random.choice((0, 0, 0, 1)))
        told["name"] = values.random.choice(("service",) * 6 + ("tell", "hand_off", values.text()))
        told.pop("parameters", None)
        if values.random.random() < 0.3:
            told["parameters"] = values.random.choice(({"type": "object"}, {"type": values.deep()}, values.anything()))
        subject = values.random.choice(("tools.a", "tools.b") * 4 + ("tools.*", "wa.control.shop.x", values.text()))
        endpoint = {"subject": subject, "metadata": {service_tools.METADATA: dumped(told).decode()}}
        info = values.struct(service_tools._Info, name="s", endpoints=[endpoint])
        body = dumped(values.spoiled(info) if values.random.random() < 0.1 else info)
        return values.bytes_of(body) if values.random.random() < 0.1 else body

    def _result(self, chat: str) -> Any:
        self._tally.put("tool results", ChatKey(ACCOUNT, chat), read=True)
        values = self._values
        match values.random.randrange(8):
            case 0:
                raise values.random.choice(_RAISED)(values.text())
            case 1:
                raise HumanWanted(values.text())
            case 2:
                raise Unprintable
            case 3:
                return values.random.choice((object(), {1: 2}, {"a": {1, 2}}, b"\xff", float("nan"), 2**70, ...))
            case 4:
                deep: list[Any] = []
                for _ in range(5000):
                    deep = [deep]
                return deep
            case _:
                return values.text()

    def _function(self) -> Callable[..., Any]:
        def tell(text: str, chat: str) -> Any:
            """Tell something."""
            return self._result(chat)

        tell.__annotations__ = {"text": str, "chat": str}
        return tell

    def _coroutine(self) -> Callable[..., Any]:
        async def ask(chat: str) -> Any:
            """Ask something."""
            return self._result(chat)

        ask.__annotations__ = {"chat": str}
        return ask

    # What follows is the part of a NATS client that services are asked with.

    def new_inbox(self) -> str:
        return "_INBOX.fuzz"

    async def subscribe(self, _: str, cb: Callable[[Any], Awaitable[None]]) -> Any:
        self._heard = cb
        return self

    async def unsubscribe(self) -> None:
        self._heard = None

    async def publish(self, _subject: str, _body: bytes, reply: str) -> None:
        assert self._heard is not None
        for described in self._described:
            await self._heard(SimpleNamespace(data=described))

    async def request(self, subject: str, _body: bytes, *, timeout: float, headers: dict[str, str]) -> Any:
        values = self._values
        self._tally.put("tool results", ChatKey(ACCOUNT, headers["Recado-Chat"]), read=True)
        if values.random.random() < 0.1:
            raise values.random.choice(
                (nats.errors.NoRespondersError, nats.errors.TimeoutError, nats.errors.ConnectionClosedError)
            )
        names = ("Nats-Service-Error", "Nats-Service-Error-Code", service_tools.HUMAN_WANTED, "x")
        said = {values.random.choice(names): values.text() for _ in range(values.random.randrange(3))}
        body = values.random.choice((values.random.randbytes(50), dumped(values.anything()), b"", b"x" * 60_000))
        return SimpleNamespace(data=body, headers=said or None)
