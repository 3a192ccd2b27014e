"""The stage of a kill: a real nats-server behind a proxy, a model's double, and a recado that is not started yet."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from events.subjects import ChatKey
from tests.chaos.log_watch import LogWatch, watching
from tests.chaos.nats_proxy import PATIENCE, NatsProxy, nats_proxy
from tests.chaos.outsider import Outsider, outsider
from tests.chaos.process import Recado, asks, recado
from tests.chaos.promises import promises_kept
from tests.doubles.openai_server import OpenAIDouble
from tests.nats_server import NatsServer
from tests.waiting import until


class Stage(NamedTuple):
    """Who plays: `recado` talks to the server through `proxy`; `log` and `outsider` talk to it directly."""

    server: NatsServer
    proxy: NatsProxy
    model: OpenAIDouble
    log: LogWatch
    outsider: Outsider
    recado: Recado

    async def asked(self, times: int) -> None:
        """Return once the model was asked so many times."""
        await self.model.until(lambda requests: len(requests) >= times, timeout=PATIENCE)

    async def kept_its_promises(self) -> None:
        """No work is pending, no promise broken; every reply was heard once, and the projection is that of the log."""
        await promises_kept(self.log, self.recado)
        written = [recorded.event.id for recorded in self.log.events if recorded.type == "reply"]
        await until(lambda: len(self.outsider.replies) >= len(written))
        assert [reply["id"] for reply in self.outsider.replies] == written

    async def history(self, key: ChatKey) -> list[dict[str, Any]]:
        """What `recado history` shows of the chat."""
        shown = await self.recado.run("history", key.chat, "--account", key.account, "--json")
        assert shown.code == 0, shown
        entries: list[dict[str, Any]] = json.loads(shown.out)
        return entries

    async def shows(self, key: ChatKey, *texts: str) -> None:
        """Return once the history of the chat is these texts: the projection follows the log."""

        async def has_them() -> bool:
            shown = await self.recado.run("history", key.chat, "--account", key.account, "--json")
            return shown.code == 0 and [entry["text"] for entry in json.loads(shown.out)] == list(texts)

        await until(has_them)


@asynccontextmanager
async def stage(folder: Path, **environment: str) -> AsyncIterator[Stage]:
    """Everything but recado is running."""
    async with AsyncExitStack() as stack:
        server = NatsServer(folder)
        server.start()
        stack.callback(server.kill)
        proxy = await stack.enter_async_context(nats_proxy(server.url))
        model = await stack.enter_async_context(OpenAIDouble())
        settings = {"NATS_URL": proxy.url, **asks(model), **environment}
        process = stack.enter_context(recado(folder / "recado", **settings))
        log = await stack.enter_async_context(watching(server.url))
        someone = await stack.enter_async_context(outsider(server.url))
        yield Stage(server, proxy, model, log, someone, process)
