"""A whole recado in one process, of its real parts: the codec, the projection on SQLite, the actors, the backends of
every mode, tools, files, the webhook and the delivery. The log is in memory; OpenAI and Meta are doubles."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any
from unittest.mock import patch

from structlog.testing import capture_logs

from actors import chat_actor
from actors.answering import Answering, Means, OneProfile
from actors.instance import Instance, Parts
from actors.leases.clocks import BusTime
from actors.media_files import MediaFiles
from actors.router import Router
from backends.content.extraction import Extraction
from backends.content.transcription import Transcription
from events.files import NoFiles
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.subjects import PARTITIONS, ChatKey
from gateways.cloud.graph import Graph
from gateways.cloud.parsing import Parser
from gateways.cloud.token import fixed
from gateways.cloud.uploading import Uploading
from gateways.cloud.uploads import Uploads
from gateways.cloud.webhook import Webhook
from gateways.delivery.token_bucket import Bucket
from projections.projection import Projection
from projections.reads.actor_reads import ChatReads
from projections.reads.queries import Queries
from projections.reads.reader import Reader
from projections.runner import Runner
from recado.settings.settings import Settings
from recado.wiring.cloud_number import Replies
from recado.wiring.policy import policy_of
from tests.doubles.graph_server import ACCESS_TOKEN
from tests.doubles.graph_webhooks import APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN, one_number
from tests.doubles.openai_server import OpenAIDouble
from tests.fuzz.files import Objects
from tests.fuzz.graph import ACCOUNT, Meta
from tests.fuzz.model import CANARY, Provider, by_chat, counted, quick
from tests.fuzz.subjects import Subjects
from tests.fuzz.tally import Tally
from tests.fuzz.tools import Tools
from tests.fuzz.values import Values
from tests.fuzz.webhooks import Webhooks
from tests.waiting import until

RUN_TIMEOUT = 1.0
"""Seconds that a turn may take; a model that says for ever that it works on it fails then."""


_TLS = ssl.create_default_context()
"""For all clients: loading the certificates took as long as all the rest of a small world."""


class World:
    """`tasks` are what runs for as long as recado does, `lines` what it logged, `faults` what the loop was told of."""

    def __init__(self, folder: Path, values: Values, tally: Tally) -> None:
        self.folder = folder
        self.values = values
        self.tally = tally
        self.log = MemoryLog()
        self.objects = Objects(values.of("files"))
        self.tools = Tools(values.of("tools"), tally)
        self.subjects = Subjects(values.of("subjects"), self.log, self.objects, tally)
        self.tasks: list[asyncio.Task[Any]] = []
        self.lines: list[Any] = []
        self.faults: list[dict[str, Any]] = []
        self.webhooks: Webhooks
        self.meta: Meta
        self.provider: Provider
        self.queries: Queries
        self.runner: Runner
        self._numbers = itertools.count(1)
        self._recent: list[ChatKey] = []

    def chat(self) -> ChatKey:
        """One in which nobody has written, or one of the last."""
        random = self.values.random
        if self._recent and random.random() < 0.4:
            return random.choice(self._recent)
        server = "g.us" if random.random() < 0.05 else "s.whatsapp.net"
        key = ChatKey(ACCOUNT, f"1{next(self._numbers):010}@{server}")
        self._recent = [*self._recent[-20:], key]
        return key

    def canary(self) -> ChatKey:
        """Another person's chat, to whom all the rest is nothing."""
        return ChatKey(ACCOUNT, f"{CANARY}{next(self._numbers):08}@s.whatsapp.net")

    def keep(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self.tasks.append(task)
        return task


@asynccontextmanager
async def world(
    folder: Path, values: Values, tally: Tally, mode: str = "chat", share: float = 0.5
) -> AsyncIterator[World]:
    """One that runs. The paces at which WhatsApp is sent to are left out, and pauses are short."""
    made = World(folder, values, tally)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: made.faults.append(context))
    async with AsyncExitStack() as stack:
        made.lines = stack.enter_context(capture_logs())
        stack.enter_context(patch("gateways.cloud.pacing.PAIR_EVERY", 0.0))
        stack.enter_context(patch("gateways.cloud.pacing._bucket", lambda _: Bucket(0.0, 1)))
        stack.enter_context(patch("gateways.cloud.sender.pause", lambda *_: 0.01))
        stack.enter_context(patch("actors.router._FIRST_PAUSE", 0.01))
        stack.enter_context(patch("httpx2.create_ssl_context", lambda **_: _TLS))
        stack.enter_context(patch("actors.tools.services.ANSWERS_WITHIN", 0.0))
        _watch_stages(stack, tally)

        hostile = made.provider = await stack.enter_async_context(Provider(values.of("model"), share))
        good = await stack.enter_async_context(OpenAIDouble(remember=False))
        made.meta = await stack.enter_async_context(Meta(values.of("graph"), share / 3, tally))
        stack.enter_context(counted(hostile, tally))
        backend = by_chat(mode, hostile, good)
        stack.push_async_callback(backend.close)
        spoken = Transcription(api_key=hostile.api_key, base_url=hostile.base_url, model="m", sleep=quick)
        stack.push_async_callback(spoken.close)
        await _run(made, stack, backend, spoken)
        yield made


async def _run(made: World, stack: AsyncExitStack, backend: Any, spoken: Transcription) -> None:
    settings = Settings(data=made.folder, account=ACCOUNT, debounce=0.0, run_timeout=RUN_TIMEOUT, doubt_seconds=0.05)
    event_log = made.log
    reader = Reader(made.folder, lambda: runner.path)
    made.queries = Queries(reader)

    def committed(batch: list[Recorded]) -> None:
        router.dispatch(batch)

    runner = made.runner = Runner(event_log, made.folder, committed, on_read=lambda batch: router.deliver_early(batch))  # noqa: PLW0108
    means = Means(
        backend=backend,
        tools=made.tools.box,
        files=MediaFiles(
            made.objects,
            listen=spoken.transcribe,
            extract=Extraction().extract,
            takes=frozenset({"image/png"}),
            arrives_within=0.05,
        ),
    )
    instance = Instance(
        Parts(
            incarnation="fuzz",
            log=event_log,
            reads=ChatReads(reader, runner.uncommitted),
            progress=runner,
            bus_time=BusTime(),
            fresh_id=lambda: token_hex(10),
            objects=made.objects,
        ),
        OneProfile(Answering("fuzz", means, policy_of(settings))),
    )
    instance.bus_time.observe((await event_log.head()).now)
    router = Router(instance)
    session = await stack.enter_async_context(Graph.session())
    graph = Graph(session, made.meta.url, PHONE_NUMBER_ID, fixed(ACCESS_TOKEN))
    uploads = Uploads(Uploading(session, made.meta.url, PHONE_NUMBER_ID, fixed(ACCESS_TOKEN)), NoFiles())
    replies = Replies(settings, ACCOUNT, event_log, graph, uploads=uploads)
    hook = Webhook(event_log, ACCOUNT, Parser(one_number(ACCOUNT)), app_secret=APP_SECRET, verify_token=VERIFY_TOKEN)
    made.webhooks = Webhooks(made.values.of("webhooks"), hook.app(), Parser(one_number(ACCOUNT)), made.tally)
    stack.push_async_callback(_end, made)
    stack.push_async_callback(router.close)
    made.keep(runner.run())
    await runner.caught_up.wait()
    router.take(range(PARTITIONS))
    made.keep(replies.deliver())
    await until(lambda: replies.started.is_set())  # noqa: PLW0108 - another event once it runs


async def _end(made: World) -> None:
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)


def _watch_stages(stack: AsyncExitStack, tally: Tally) -> None:
    decide, fold, append = chat_actor.decide, Projection._fold, MemoryLog.append

    def deciding(chat: Any, command: Any, facts: Any) -> Any:
        decision = decide(chat, command, facts)
        if decision is not None:
            tally.reached["decide"].add(facts.key)
        return decision

    def folding(projection: Projection, recorded: Recorded) -> Recorded:
        marked = fold(projection, recorded)
        tally.reached["fold"].add(recorded.key)
        return marked

    async def appending(event_log: MemoryLog, key: ChatKey, *decided: Any, **how: Any) -> Any:
        appended = await append(event_log, key, *decided, **how)
        tally.reached["write"].add(key)
        return appended

    stack.enter_context(patch.object(chat_actor, "decide", deciding))
    stack.enter_context(patch.object(Projection, "_fold", folding))
    stack.enter_context(patch.object(MemoryLog, "append", appending))
