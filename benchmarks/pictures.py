"""100 replies a second, each with the same picture: uploaded once, by the Cloud API's gateway to a double of Graph.

The gateway, the double and the writer of the replies share one process; nats-server is another. The time of a reply
counts from the moment at which it is due to be written to the moment at which WhatsApp took it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from benchmarks.figures import Outcome, Say, at_most, figure, percentile
from benchmarks.servers import nats_server
from events.decisions import Reply
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore
from events.jetstream.stored_files import StoredFiles
from events.parts import Part
from events.subjects import ChatKey
from gateways.cloud.graph import Graph
from gateways.cloud.token import fixed
from gateways.cloud.uploading import Uploading
from gateways.cloud.uploads import Uploads
from recado.settings.settings import Settings
from recado.wiring.cloud_number import Replies
from tests.doubles.graph_limits import Limits
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import PHONE_NUMBER_ID
from tests.waiting import until

LOG_BYTES = 256 * 1024**2
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(300_000)
THROUGHPUT = 1_000
"""Messages a second that Meta lets the number send."""


class Size(msgspec.Struct, frozen=True):
    """`rate` replies a second for `seconds`, each to another person, in `rounds`."""

    rate: int = 100
    seconds: float = 10.0
    rounds: int = 3


TINY = Size(rate=20, seconds=0.5, rounds=1)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    medians, latest, uploads = list[float](), list[float](), list[float]()
    for number in range(size.rounds):
        say(f"round {number + 1} of {size.rounds}")
        took, uploaded = await _round(size, folder / str(number))
        medians.append(percentile(took, 0.5) * 1000)
        latest.append(percentile(took, 0.99) * 1000)
        uploads.append(uploaded)
    figures = {
        "a reply with a picture, median": figure(medians, "ms"),
        "a reply with a picture, 99th percentile": figure(latest, "ms"),
        "uploads of the picture": figure(uploads, "uploads"),
    }
    setup: dict[str, str | int | float] = {
        "replies a second": size.rate,
        "seconds": size.seconds,
        "bytes of the picture": len(PICTURE),
    }
    once = at_most("uploads of the picture", figures["uploads of the picture"], 1)
    return Outcome(setup, figures, (once,))


async def _round(size: Size, folder: Path) -> tuple[list[float], int]:
    """Seconds of each reply, and the number of uploads."""
    with nats_server(folder / "nats") as server:
        bus = await Bus.open(server.url)
        log = await JetStreamLog.open(bus, max_bytes=LOG_BYTES)
        store = await MediaStore.open(bus, kept=timedelta(hours=1), log_bytes=LOG_BYTES, replicas=1)
        await store.put("menu", _pieces())
        async with GraphDouble(Limits(number=THROUGHPUT)) as meta, Graph.session() as session:
            token = fixed(ACCESS_TOKEN)
            uploading = Uploading(session, meta.url, PHONE_NUMBER_ID, token)
            uploads = Uploads(uploading, StoredFiles(bus), folder / "uploads.json")
            graph = Graph(session, meta.url, PHONE_NUMBER_ID, token)
            replies = Replies(Settings(data=folder), "shop", log, graph, uploads=uploads, per_second=THROUGHPUT)
            running = asyncio.create_task(replies.deliver())
            await until(lambda: replies.started.is_set())  # noqa: PLW0108 - another event once it runs
            due = await _written(log, size)
            await until(lambda: len(meta.taken) >= len(due), 120)
            replies.stop()
            await running
            assert all(taken.type == "image" for taken in meta.taken)
            took, uploaded = [taken.at - due[taken.to] for taken in meta.taken], len(meta.uploads.taken)
        await log.close()
        await bus.close()
    return took, uploaded


async def _written(log: JetStreamLog, size: Size) -> dict[str, float]:
    """Write the replies at their times; the time at which each was due, by its person."""
    began, due = time.monotonic(), dict[str, float]()
    writing = list[asyncio.Task[None]]()
    for number in range(int(size.rate * size.seconds)):
        at = began + number / size.rate
        await asyncio.sleep(at - time.monotonic())
        person = f"1202555{number:06}"
        due[person] = at
        writing.append(asyncio.create_task(_write(log, person)))
    await asyncio.gather(*writing)
    return due


async def _write(log: JetStreamLog, person: str) -> None:
    key = ChatKey("shop", f"{person}@s.whatsapp.net")
    picture = Part(kind="image", object="MEDIA/menu", mime="image/png", caption="Our menu")
    said = Reply(
        id=f"r{person}",
        turn=None,
        chat=key.chat,
        account=key.account,
        text="Our menu",
        in_reply_to=(),
        author="assistant",
        at=datetime.now(UTC),
        parts=(picture,),
    )
    await log.append(key, said, expected=0, msg_id=said.id)


async def _pieces() -> AsyncIterator[bytes]:
    yield PICTURE
