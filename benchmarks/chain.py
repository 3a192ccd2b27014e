"""The whole chain: a signed webhook, the model, and the reply at Graph; recado's processes beside a bot of 20 lines.

recado is nats-server, an instance and `recado gateway cloud`, each a process. The other bot is written as PyWa
documents it (benchmarks/pywa_bot.py), and keeps nothing. Both have the same doubles of the model and of Graph, and take
turns. The time of a reply counts from the moment at which its webhook was due. recado answers messages together that
wait for the same turn: the log says which reply answers which messages. There are no promises here: it shows the cost
of a change.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec
from nats.aio.msg import Msg

from benchmarks.cpu import cpu_of
from benchmarks.figures import Figure, Outcome, Say, figure, percentile, ratio
from benchmarks.servers import nats_server, openai_double
from events.decisions import Reply
from events.jetstream.connection import Bus
from tests.chaos.process import recado
from tests.doubles.graph_limits import Limits
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN, contact, message, messages, signed
from tests.doubles.openai_server import API_KEY
from tests.nats_server import free_port
from tests.waiting import until

MODEL_LATENCY = 0.3
QUIET = 15.0
"""Seconds without any reply after which the missing ones count as lost."""

RECADO, PYWA = "recado", "PyWa"


class Size(msgspec.Struct, frozen=True):
    """At each of the `rates` (messages a second), each bot in turns for `seconds`, in `rounds`; idle for `idle` s."""

    rates: tuple[float, ...] = (1.0, 5.0, 20.0, 50.0, 100.0)
    seconds: float = 20.0
    rounds: int = 1
    chats: int = 500
    idle: float = 10.0


TINY = Size(rates=(5.0,), seconds=0.6, chats=3, idle=0.1)


class Bot(msgspec.Struct, frozen=True):
    """A running bot.

    - `webhook`: the address of its webhook.
    - `pids`: its processes by name.
    - `meta`: its Graph.
    - `answers`: the text of the reply to each message id, as the log has it; None: it has no log, and answers each
      message by itself.
    """

    webhook: str
    pids: dict[str, int]
    meta: GraphDouble
    answers: dict[str, str] | None = None

    @property
    def memory(self) -> float:
        """Megabytes that all processes together have in memory."""
        return sum(_resident(pid) for pid in self.pids.values())


class Load(msgspec.Struct, frozen=True):
    """The load of one round, as it was answered.

    - `took`: the seconds that each reply took.
    - `cpu`: milliseconds of CPU for each reply, by process.
    - `together`: the messages that were answered together with a later one of their chat.
    - `lost`, `doubled`: the numbers of messages without a reply, and of those with several.
    """

    took: list[float]
    cpu: dict[str, float]
    together: int
    lost: int
    doubled: int


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    figures: dict[str, Figure] = {}
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(openai_double(MODEL_LATENCY))
        bots = {
            RECADO: await stack.enter_async_context(_recado(folder, model)),
            PYWA: await stack.enter_async_context(_pywa(model)),
        }
        for name, bot in bots.items():
            say(f"{name}, warm-up and idle")
            await _load(bot, 5.0, min(2.0, size.seconds), size.chats, f"{name} warm-up")
            before = cpu_of(bot.pids.values())
            await asyncio.sleep(size.idle)
            idle = (cpu_of(bot.pids.values()) - before) / size.idle * 100
            figures[f"{name}, CPU with nothing to do"] = figure([idle], "% of a core")
            figures[f"{name}, memory with nothing to do"] = figure([bot.memory], "MB")
        for rate in size.rates:
            loads: dict[str, list[Load]] = {name: [] for name in bots}
            for number in range(size.rounds):
                for name, bot in bots.items():
                    say(f"{name}, {rate:g} a second, round {number + 1} of {size.rounds}")
                    loads[name].append(await _load(bot, rate, size.seconds, size.chats, f"{rate:g} {number}"))
            figures |= _figures(rate, loads)
        for name, bot in bots.items():
            figures[f"{name}, memory after the load"] = figure([bot.memory], "MB")
    setup: dict[str, str | int | float] = {
        "seconds at each rate": size.seconds,
        "chats": size.chats,
        "model latency, s": MODEL_LATENCY,
        "RECADO_DEBOUNCE": 0,
        "history": "recado's last 20 messages; the other bot has none",
    }
    return Outcome(setup, figures)


def _figures(rate: float, loads: dict[str, list[Load]]) -> dict[str, Figure]:
    figures, shown = {}, f"{rate:g} a second"
    for name, rounds in loads.items():
        for share, part in (("p50", 0.5), ("p99", 0.99)):
            each = [percentile(load.took, part) * 1000 for load in rounds if load.took]
            if each:
                figures[f"{name}, {share}, {shown}"] = figure(each, "ms")
        if name == RECADO:
            figures[f"{name}, answered with a later one, {shown}"] = figure(
                [load.together for load in rounds], "messages"
            )
        figures[f"{name}, lost, {shown}"] = figure([load.lost for load in rounds], "messages")
        figures[f"{name}, doubled, {shown}"] = figure([load.doubled for load in rounds], "messages")
        figures[f"{name}, CPU of a reply, {shown}"] = figure([sum(load.cpu.values()) for load in rounds], "ms")
        if name == RECADO:
            for process in rounds[0].cpu:
                figures[f"{process}, CPU of a reply, {shown}"] = figure([load.cpu[process] for load in rounds], "ms")
    ours, theirs = ([max(sum(load.cpu.values()), 0.01) for load in loads[name]] for name in (RECADO, PYWA))
    figures[f"{RECADO} / {PYWA}, CPU of a reply, {shown}"] = ratio(ours, theirs)
    return figures


async def _load(bot: Bot, rate: float, seconds: float, chats: int, name: str) -> Load:
    """Post a message each 1 / `rate` s, to one chat after the other, and wait for the replies."""
    bot.meta.taken.clear()
    due: dict[str, float] = {}
    before = {process: cpu_of([pid]) for process, pid in bot.pids.items()}

    async def post(session: aiohttp.ClientSession, number: int, text: str) -> None:
        person = str(551190000000 + number % chats)
        named, now = f"US.{person}", int(time.time())
        said = message(_id(text), sender=person, at=now, from_user_id=named, text={"body": text})
        raw = messages(said, contacts=[contact(person, user_id=named)])
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):  # counts as lost
            async with session.post(bot.webhook, data=raw, headers=signed(raw)) as answer:
                await answer.read()

    connections = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connections) as session, asyncio.TaskGroup() as posts:
        started = time.monotonic()
        for number in range(max(1, round(rate * seconds))):
            text = f"{name} {number}"
            due[text] = started + number / rate
            await asyncio.sleep(max(0.0, due[text] - time.monotonic()))
            posts.create_task(post(session, number, text))
        came, changed = 0, time.monotonic()
        while len(_answered(bot, due)) < len(due) and time.monotonic() < changed + QUIET:
            await asyncio.sleep(0.05)
            if len(bot.meta.taken) != came:
                came, changed = len(bot.meta.taken), time.monotonic()
    await asyncio.sleep(min(1.0, seconds))  # receipts are still written, and a second reply would come
    cpu = {process: cpu_of([pid]) - before[process] for process, pid in bot.pids.items()}
    answered = _answered(bot, due)
    times = Counter(taken.text for taken in bot.meta.taken)
    return Load(
        [at - due[text] for text, at in answered.items()],
        {process: used * 1000 / max(1, len(times)) for process, used in cpu.items()},
        sum(f"{_REPLY}{text}" not in times for text in answered),
        len(due) - len(answered),
        sum(count > 1 for count in times.values()),
    )


_REPLY = "reply to: "
"""The first words of the model double; the words of a turn's last message follow."""


def _id(text: str) -> str:
    return f"wamid.{text}"


def _answered(bot: Bot, texts: Iterable[str]) -> dict[str, float]:
    """When Graph took the reply to each message that has one, by the message's text."""
    first: dict[str, float] = {}
    for taken in bot.meta.taken:
        first.setdefault(taken.text or "", taken.at)
    found = {}
    for text in texts:
        reply = f"{_REPLY}{text}" if bot.answers is None else bot.answers.get(_id(text))
        if reply in first:
            found[text] = first[reply]
    return found


def _settings(graph: str) -> dict[str, str]:
    return {
        "WHATSAPP_ACCESS_TOKEN": ACCESS_TOKEN,
        "WHATSAPP_PHONE_NUMBER_ID": PHONE_NUMBER_ID,
        "WHATSAPP_APP_SECRET": APP_SECRET,
        "WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
        "WHATSAPP_GRAPH_URL": graph,
    }


def _graph() -> GraphDouble:
    """Takes any number of messages, so that no bot waits for Meta's limits but by its own."""
    return GraphDouble(Limits(number=10_000, burst=10_000))


@asynccontextmanager
async def _recado(folder: Path, model: str) -> AsyncIterator[Bot]:
    async with AsyncExitStack() as stack:
        meta = await stack.enter_async_context(_graph())
        server = stack.enter_context(nats_server(folder / "nats"))
        asked = {"OPENAI_API_MODE": "chat", "OPENAI_BASE_URL": model, "OPENAI_API_KEY": API_KEY}
        instance = stack.enter_context(recado(folder / "instance", NATS_URL=server.url, **asked))
        await instance.started()
        settings = {"NATS_URL": server.url, "RECADO_WEBHOOK_PORT": "0", **_settings(meta.url)}
        gateway = stack.enter_context(recado(folder / "gateway", command="gateway cloud", **settings))
        gateway.start()
        webhook = (await gateway.said("started"))["webhook"]
        bus = await Bus.open(server.url)
        stack.push_async_callback(bus.close)
        answers: dict[str, str] = {}

        async def heard(told: Msg) -> None:
            reply = msgspec.json.decode(told.data, type=Reply)
            answers.update(dict.fromkeys(reply.in_reply_to, reply.text))

        await bus.subscribe("wa.out.>", cb=heard)
        await bus.flush()
        pids = {"nats-server": server.pid, "instance": instance.pid, "gateway": gateway.pid}
        yield Bot(webhook, pids, meta, answers)


@asynccontextmanager
async def _pywa(model: str) -> AsyncIterator[Bot]:
    port = free_port()
    async with _graph() as meta:
        environment = {"OPENAI_BASE_URL": model, "OPENAI_API_KEY": API_KEY, "PORT": str(port), **_settings(meta.url)}
        bot = [sys.executable, "-m", "benchmarks.pywa_bot"]
        with subprocess.Popen(bot, env={**os.environ, **environment}, stderr=subprocess.DEVNULL) as process:
            try:
                await until(lambda: _listens(port), 60.0)
                yield Bot(f"http://127.0.0.1:{port}/", {PYWA: process.pid}, meta)
            finally:
                process.kill()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


def _resident(pid: int) -> float:
    """Megabytes (proc_pid_status(5))."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
