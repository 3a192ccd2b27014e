"""The page served for real on loopback, over a log in memory and a projection of it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from argon2 import PasswordHasher

from console.app import make_app
from console.deps import Deps, ModelInfo
from console.entrance import Entrance, ProxyHeader
from console.known_users import KnownUsers
from console.news import News
from console.passwords import Passwords
from console.profiles.port import ProfileDesk
from console.server import bind, serving
from console.sessions import FILE, Sessions
from console.sign_in.sign_in import SignIn
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.subjects import ChatKey
from events.users import UserBook
from gateways.local.simulator import Simulator
from projections.reads.queries import Queries
from projections.reads.reader import Reader
from projections.runner import Runner

ANA = ChatKey("local", "12025550143@s.whatsapp.net")
TOM = ChatKey("local", "447700900123@s.whatsapp.net")

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Makes hashes in no time."""


class Page:
    """A served page, and what is behind it. `troubles` are the reasons why recado takes no work; `has_bus`:
    its bus answers."""

    def __init__(
        self,
        folder: Path,
        log: MemoryLog,
        *,
        simulated: bool = True,
        password: str | None = None,
        users: UserBook | None = None,
        loopback: bool = True,
        proxy: ProxyHeader | None = None,
        sign_in: SignIn | None = None,
        profiles: Callable[[Page], ProfileDesk | None] = lambda _: None,
    ) -> None:
        self.log = log
        self.troubles: list[str] = []
        self.has_bus = True
        self.news = News("local")
        self.runner = Runner(log, folder, self._committed)
        self.users = KnownUsers(users) if users is not None else None
        self.simulator = Simulator(log, "local") if simulated else None
        self.deps = Deps(
            account="local",
            log=log,
            queries=Queries(Reader(folder, lambda: self.runner.path)),
            news=self.news,
            model=ModelInfo("gpt-6-luna"),
            not_ready=lambda: self.troubles,
            has_bus=lambda: self.has_bus,
            simulator=self.simulator,
            entrance=Entrance(Sessions(folder / FILE, password or ""), self.users, loopback, proxy, sign_in),
            passwords=Passwords(CHEAP),
            profiles=profiles(self),
        )
        self.app = make_app(self.deps)
        self.address = ""
        self.session: aiohttp.ClientSession

    def _committed(self, batch: list[Recorded]) -> None:
        self.news.publish(batch)

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """Status and JSON (or text) of a GET."""
        async with self.session.get(self.address + path, headers=headers) as response:
            return response.status, await _content(response)

    async def post(self, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of a POST as the page itself sends it; `headers` with `_` for `-` replace its own."""
        given = {"Content-Type": "application/json", "Origin": self.address}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = io.BytesIO(raw if raw is not None else json.dumps(body).encode())
        async with self.session.post(self.address + path, headers=given, data=content) as response:
            return response.status, await _content(response)

    async def projected(self) -> None:
        """Return once the projection has all that is in the log."""
        await self.runner.reached((await self.log.head()).last)

    @asynccontextmanager
    async def stream(self, path: str, **headers: str) -> AsyncIterator[Stream]:
        """An open event stream."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.get(self.address + path, headers=given) as response:
            assert response.status == 200, await response.text()
            assert response.content_type == "text/event-stream"
            yield Stream(response)


async def _content(response: aiohttp.ClientResponse) -> Any:
    return await response.json() if response.content_type == "application/json" else await response.text()


class Stream:
    """Server-sent events as a browser reads them: (event, data as JSON, id)."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._lines = response.content

    async def next(self, name: str | None = None) -> tuple[str, Any, str | None]:
        """The next message, or the next of this name; EOFError at the end of the stream."""
        while True:
            fields: dict[str, str] = {}
            async with asyncio.timeout(60):
                while line := (await self._lines.readuntil(b"\n")).decode().rstrip("\n"):
                    key, _, value = line.partition(": ")
                    fields[key] = value
            if "event" in fields and name in (None, fields["event"]):
                return fields["event"], json.loads(fields["data"]), fields.get("id")
            if not fields:
                raise EOFError

    async def events(self, count: int) -> list[tuple[int, str]]:
        """(sequence, type) of the next `count` events of the chat."""
        found = []
        for _ in range(count):
            _, data, id_ = await self.next("event")
            assert id_ == str(data["seq"])
            found.append((data["seq"], data["type"]))
        return found


@asynccontextmanager
async def serve(folder: Path, log: MemoryLog | None = None, **how: Any) -> AsyncIterator[Page]:
    async with AsyncExitStack() as stack:
        page = Page(folder, log or MemoryLog(), **how)
        running = asyncio.create_task(page.runner.run())
        stack.push_async_callback(asyncio.gather, running, return_exceptions=True)
        stack.callback(running.cancel)
        await page.runner.caught_up.wait()
        if page.users is not None:
            following = asyncio.create_task(page.users.follow())
            stack.push_async_callback(asyncio.gather, following, return_exceptions=True)
            stack.callback(following.cancel)
            await page.users.read.wait()
        page.address = await stack.enter_async_context(serving(page.app, bind(0)))
        page.session = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))  # of an address without a name too
        )
        yield page


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """A page that works, with nothing said yet."""
    async with serve(tmp_path) as served:
        yield served


@pytest.fixture
def served(tmp_path: Path) -> Callable[..., Any]:
    """Serve a page over a given log, or without simulated phones."""
    return lambda log=None, **how: serve(tmp_path, log, **how)
