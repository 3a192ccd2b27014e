"""The gateway in the test's own process: the real one but for its process, its lease and its signals."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from console.server import bind, serving
from events.files import Files, NoFiles
from events.log import EventLog
from events.subjects import ChatKey
from gateways.cloud.graph import Graph
from gateways.cloud.parsing import Parser
from gateways.cloud.template_list import TemplateList
from gateways.cloud.throughput import NumberAsked
from gateways.cloud.token import fixed
from gateways.cloud.uploading import Uploading
from gateways.cloud.uploads import Uploads
from gateways.cloud.webhook import PATH, Webhook
from gateways.intake import People
from gateways.templates.window import read
from recado.settings.settings import Settings
from recado.wiring.cloud_number import Replies
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN, one_number
from tests.waiting import until

ANA = ChatKey("shop", "12025550143@s.whatsapp.net")
TOM = ChatKey("shop", "447700900123@s.whatsapp.net")
MEI = ChatKey("shop", "US.13491208655302741918@bsuid")


@asynccontextmanager
async def cloud_gateway(
    log: EventLog,
    meta: GraphDouble,
    data_dir: Path,
    people: People | None = None,
    *,
    files: Files | None = None,
    asks: bool = False,
    **settings: Any,
) -> AsyncIterator[Replies]:
    """A gateway that has started, with its webhook at the double; leaving it ends it as one stops a service. With
    `asks` it asks for the number's throughput."""
    heard = list[Replies]()
    chosen = Settings(data=data_dir, doubt_seconds=settings.pop("doubt_seconds", 10.0), **settings)
    template = read(chosen.window_template).ref if chosen.window_template is not None else None
    hook = Webhook(
        log,
        "shop",
        Parser(one_number(), template),
        app_secret=APP_SECRET,
        verify_token=VERIFY_TOKEN,
        people=people,
        heard=lambda _: heard[0].heard(),
    )
    async with Graph.session() as session:
        graph = Graph(session, meta.url, PHONE_NUMBER_ID, fixed(ACCESS_TOKEN))
        uploading = Uploading(session, meta.url, PHONE_NUMBER_ID, fixed(ACCESS_TOKEN))
        uploads = Uploads(uploading, files or NoFiles(), data_dir / "uploads-shop.json")
        templates = TemplateList(session, meta.url, PHONE_NUMBER_ID, fixed(ACCESS_TOKEN))
        ask = NumberAsked(session, meta.url, PHONE_NUMBER_ID, fixed(ACCESS_TOKEN)) if asks else None
        replies = Replies(chosen, "shop", log, graph, people, uploads=uploads, templates=templates, ask=ask)
        heard.append(replies)
        with contextlib.closing(bind(0)) as listener:
            async with serving(hook.app(), listener) as address:
                meta.webhook = address + PATH
                running = asyncio.create_task(replies.deliver())
                try:
                    await until(lambda: replies.started.is_set() or running.done())
                    yield replies
                    replies.stop()
                    async with asyncio.timeout(60):
                        await running
                finally:
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)
