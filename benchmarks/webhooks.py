"""WhatsApp's webhooks into the log: the cost of parsing an update, and 200 POSTs a second with 10 messages in each.

The gateway is the real process; it answers a POST when JetStream has acknowledged all of it. The time counts from the
moment at which the POST was due. A message is lost if its POST was answered with 200 and it is not in the log. WhatsApp
would repeat a POST that was answered with 503, as happens when every message is synced and the disk is too slow.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any, cast

import aiohttp
import msgspec

from benchmarks.figures import Figure, Outcome, Say, at_most, figure, percentile
from benchmarks.servers import SYNC_MODES, nats_server
from events.codec import encode
from events.inbound import Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from gateways.cloud.parsing import Parser
from gateways.cloud.tracker import Tracker, written
from gateways.cloud.updates import Arrived
from tests.chaos.process import recado
from tests.doubles.graph_server import ACCESS_TOKEN
from tests.doubles.graph_webhooks import (
    APP_SECRET,
    PHONE_NUMBER_ID,
    VERIFY_TOKEN,
    contact,
    message,
    messages,
    one_number,
    signed,
    status,
    statuses,
)

PROMISED_US = 20.0
LOST = 0.0


class Size(msgspec.Struct, frozen=True):
    """`rate` POSTs a second for `seconds`, each with `batch` messages of as many people."""

    rate: float = 200.0
    batch: int = 10
    seconds: float = 30.0
    rounds: int = 3
    parsed: int = 20_000


TINY = Size(rate=20.0, seconds=0.5, rounds=1, parsed=100)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    say("parsing")
    figures: dict[str, Figure] = _parsing(size)
    targets = [at_most(what, figures[what], PROMISED_US) for what in figures]
    for sync in SYNC_MODES:
        taken: dict[str, list[float]] = {"p50": [], "p99": [], "refused": [], "lost": []}
        for number in range(size.rounds):
            say(f"sync {sync}, round {number + 1} of {size.rounds}")
            took, refused, lost = await _load(size, sync, folder / f"{sync}{number}")
            taken["p50"].append(percentile(took, 0.5) * 1000)
            taken["p99"].append(percentile(took, 0.99) * 1000)
            taken["refused"].append(refused)
            taken["lost"].append(lost)
        for share in ("p50", "p99"):
            figures[f"POST to PubAck, {share}, sync {sync}"] = figure(taken[share], "ms")
        figures[f"answered 503, sync {sync}"] = figure(taken["refused"], "POSTs")
        figures[f"lost, sync {sync}"] = figure(taken["lost"], "messages")
        targets.append(at_most(f"webhooks lost, sync {sync}", figures[f"lost, sync {sync}"], LOST))
    setup: dict[str, str | int | float] = {
        "POSTs a second": size.rate,
        "messages in each": size.batch,
        "seconds": size.seconds,
    }
    return Outcome(setup, figures, tuple(targets))


def _parsing(size: Size) -> dict[str, Figure]:
    tracker = written(Tracker("12025550143@s.whatsapp.net", "0123456789abcdef0123.r"))
    bodies = {
        "a message alone in its POST": messages(message("wamid.1")),
        "a message of 10": messages(*(message(f"wamid.{n}") for n in range(10))),
        "a status of 10": statuses(*(status(f"wamid.{n}", "delivered", tracker) for n in range(10))),
    }
    referring: dict[str, Any] = {
        "context": {"from": "15550783881", "id": "wamid.0", "forwarded": True},
        "referral": {
            "source_url": "https://example.org/ad",
            "source_id": "1",
            "source_type": "ad",
            "headline": "Bread",
        },
        "interactive": {"type": "list_reply", "list_reply": {"id": "rye", "title": "Rye", "description": "1 kg"}},
    }
    bodies["a message of 10 that refers to much"] = messages(
        *(message(f"wamid.{n}", "interactive", **referring) for n in range(10))
    )
    parser, figures = Parser(one_number()), {}
    for name, body in bodies.items():
        updates, each = len(parser.parse(body)), []
        for _ in range(size.rounds):
            times = max(size.parsed // updates, 1)
            started = time.perf_counter()
            for _ in range(times):
                for update in parser.parse(body):
                    encode(cast(Arrived, update).event)
            each.append((time.perf_counter() - started) / times / updates * 1e6)
        figures[f"reading {name}"] = figure(each, "µs/update")
    return figures


async def _load(size: Size, sync: str, folder: Path) -> tuple[list[float], int, int]:
    """The seconds that each POST took, the number of refused POSTs, and the number of lost messages."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(nats_server(folder, sync))
        # An instance makes the streams; a gateway only uses them.
        instance = stack.enter_context(recado(folder / "instance", NATS_URL=server.url, OPENAI_API_MODE="scripted"))
        instance.start()
        await instance.said("started")
        instance.kill()
        gateway = stack.enter_context(
            recado(
                folder / "gateway",
                command="gateway cloud",
                NATS_URL=server.url,
                WHATSAPP_ACCESS_TOKEN=ACCESS_TOKEN,
                WHATSAPP_PHONE_NUMBER_ID=PHONE_NUMBER_ID,
                WHATSAPP_APP_SECRET=APP_SECRET,
                WHATSAPP_VERIFY_TOKEN=VERIFY_TOKEN,
                WHATSAPP_GRAPH_URL="http://127.0.0.1:9/v24.0",
                RECADO_WEBHOOK_PORT="0",
            )
        )
        gateway.start()
        address = (await gateway.said("started"))["webhook"]
        took: list[float] = []
        stored: set[str] = set()
        refused = 0

        async def post(session: aiohttp.ClientSession, number: int, due: float) -> None:
            nonlocal refused
            body = _body(number, size.batch)
            async with session.post(address, data=body, headers=signed(body)) as answer:
                if answer.status == 200:
                    stored.update(f"wamid.{number}.{each}" for each in range(size.batch))
                else:
                    refused += 1
            took.append(time.perf_counter() - due)

        posts = round(size.rate * size.seconds)
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
            asyncio.TaskGroup() as all_,
        ):
            started = time.perf_counter()
            for number in range(posts):
                due = started + number / size.rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                all_.create_task(post(session, number, due))
        bus = await Bus.open(server.url)
        log = await JetStreamLog.open(bus)
        lost = len(stored - await _ids(log))
        await log.close()
        await bus.close()
        return took, refused, lost


async def _ids(log: JetStreamLog) -> set[str]:
    """The ids of all messages in the log."""
    last, found = (await log.head()).last, set[str]()
    if not last:
        return found
    async with contextlib.aclosing(log.tail(0)) as batches:
        async for batch in batches:
            found.update(recorded.event.id for recorded in batch if isinstance(recorded.event, Message))
            if batch[-1].seq >= last:
                break
    return found


def _body(number: int, batch: int) -> bytes:
    people = [str(551190000000 + (number * batch + each) % 5000) for each in range(batch)]
    said = [message(f"wamid.{number}.{each}", sender=person) for each, person in enumerate(people)]
    return messages(*said, contacts=[contact(person) for person in people])
