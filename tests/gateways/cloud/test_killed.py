"""The real gateway, the real service and a real nats-server: a conversation, and kill -9 where it hurts.

The gateway is killed from inside the double, at the moment that it is to be killed at: the request has arrived, the
message is taken but not answered, the answer is out but not in the log.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import aiohttp
import pytest

from events.inbound import Control, Receipt
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore
from events.parts import Option, Part
from events.subjects import ChatKey
from tests.chaos.process import Recado, recado
from tests.doubles import graph_uploads as uploads
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble, Step
from tests.doubles.graph_webhooks import ANA, APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN, message, messages
from tests.gateways.cloud.kept_files import PNG
from tests.nats_server import NatsServer, free_port
from tests.waiting import until

LONG = "\n\n".join(f"Paragraph {n}. " + "Some words. " * 80 for n in range(5)).strip()


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    yield body


class House(NamedTuple):
    """What runs."""

    gateway: Recado
    service: Recado
    meta: GraphDouble
    log: JetStreamLog
    store: MediaStore

    async def write(self, id_: str, text: str) -> None:
        """The person writes; Meta delivers it until it is taken."""
        await self.meta.deliver(messages(message(id_, at=int(time.time()), text={"body": text})))

    async def send(self, order: str, *parts: Part) -> None:
        """An operator sends parts, whose files are in the object store."""
        for name, body in (("menu", PNG), ("pdf", b"%PDF-1.7 menu")):
            await self.store.put(name, in_pieces(body))
        control = Control(id=order, command="send", parts=parts)
        await self.log.publish(ChatKey(PHONE_NUMBER_ID, f"{ANA}@s.whatsapp.net"), control, msg_id=order)

    async def receipts(self) -> list[Receipt]:
        last, found = (await self.log.head()).last, list[Receipt]()
        async with aclosing(self.log.tail(0)) as batches:
            async for batch in batches:
                found += [recorded.event for recorded in batch if isinstance(recorded.event, Receipt)]
                if batch[-1].seq >= last:
                    break
        return found

    async def until_receipt(self, *states: str, part: int = 0) -> Receipt:
        """The first receipt of the part that has one of these states."""

        async def found() -> Receipt | None:
            return next((r for r in await self.receipts() if r.state in states and r.part == part), None)

        receipt = await until(found)
        assert receipt is not None
        return receipt

    async def restart_gateway(self) -> None:
        self.gateway.kill()
        self.gateway.start()
        await self.gateway.said("started" if self.gateway is not self.service else "webhooks")


Shape = Literal["apart", "one process"]


@asynccontextmanager
async def house(
    folder: Path, shape: Shape = "apart", service_settings: Mapping[str, str] | None = None, **environment: str
) -> AsyncIterator[House]:
    """A service and a gateway, each a process or both in one, and WhatsApp; `environment`: the gateway's settings."""
    port = free_port()
    with ExitStack() as stack:
        (folder / "nats").mkdir(parents=True)
        server = NatsServer(folder / "nats")
        server.start()
        stack.callback(server.kill)
        async with GraphDouble() as meta:
            meta.webhook = f"http://127.0.0.1:{port}/webhook"
            whatsapp = {
                "NATS_URL": server.url,
                "WHATSAPP_ACCESS_TOKEN": ACCESS_TOKEN,
                "WHATSAPP_PHONE_NUMBER_ID": PHONE_NUMBER_ID,
                "WHATSAPP_APP_SECRET": APP_SECRET,
                "WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
                "WHATSAPP_GRAPH_URL": meta.url,
                "RECADO_WEBHOOK_PORT": str(port),
                "RECADO_DOUBT_SECONDS": "2",
                **environment,
            }
            own = service_settings or {}
            if shape == "one process":
                service = gateway = stack.enter_context(recado(folder / "service", **whatsapp, **own))
                service.start()
            else:
                service = stack.enter_context(recado(folder / "service", NATS_URL=server.url, **own))
                gateway = stack.enter_context(recado(folder / "gateway", command="gateway cloud", **whatsapp))
                gateway.start()
                service.start()
            await service.ready()
            await gateway.said("lease_taken")
            if shape == "one process":
                await gateway.said("webhooks")
            bus = await Bus.open(server.url)
            log = await JetStreamLog.open(bus)
            try:
                yield House(gateway, service, meta, log, await MediaStore.join(bus))
            finally:
                await log.close()
                await bus.close()


@pytest.mark.parametrize("shape", ["apart", "one process"])
async def test_a_conversation(tmp_path: Path, shape: Shape) -> None:
    """In by webhook, answered, out in parts; statuses come back; `why` tells it; no secret and no number is logged."""
    async with house(tmp_path, shape) as all_:
        all_.meta.statuses = ("delivered", "sent", "read")
        await all_.write("wamid.in1", "hello")
        await all_.until_receipt("read")
        assert all_.meta.texts() == ["echo: hello"]
        await until(lambda: [mark.message_id for mark in all_.meta.marks] == ["wamid.in1"])
        await all_.write("wamid.in2", LONG)
        await all_.until_receipt("read", part=2)
        assert "".join("".join(all_.meta.texts()[1:]).split()) == "".join(f"echo: {LONG}".split())  # type: ignore[arg-type]
        told = await all_.service.run("why", "wamid.in2")
        assert "the provider took it, part 1 of 2" in told.out
        assert "the person read it, part 2 of 2" in told.out
        assert await all_.gateway.stop() == 0
        said = all_.gateway.tail(1_000_000) + all_.service.tail(1_000_000)
        assert not [secret for secret in (ACCESS_TOKEN, APP_SECRET, VERIFY_TOKEN, ANA) if secret in said]


FIVE = (
    Part(kind="image", object="MEDIA/menu", mime="image/png", caption="Menu"),
    Part(kind="document", object="MEDIA/pdf", mime="application/pdf", filename="menu.pdf"),
    Part(kind="location", latitude=-23.5, longitude=-46.6, name="Bakery"),
    Part(kind="text", text="The table is yours at eight."),
    Part(kind="choices", text="Which size?", choices=(Option(id="s", title="Small"), Option(id="l", title="Large"))),
)
AS_SENT = ["image", "document", "location", "text", "interactive"]


@pytest.mark.parametrize(
    ("step", "part", "statuses", "shape"),
    [
        ("uploading", 1, False, "apart"),
        ("uploaded", 2, False, "one process"),
        ("arrived", 1, False, "apart"),
        ("arrived", 2, True, "one process"),
        ("accepted", 1, True, "apart"),
        ("accepted", 3, False, "one process"),
        ("answered", 4, False, "one process"),
        ("answered", 5, True, "apart"),
    ],
)
async def test_killed_while_it_sends(
    tmp_path: Path, step: Step | uploads.Step, part: int, statuses: bool, shape: Shape
) -> None:
    """Each part of five is sent once, in order. A kill in an upload leaves no doubt. What is in doubt ends by the
    status that names it, or is parked by its name."""
    async with house(tmp_path, shape) as all_:
        seen: list[str] = []

        def kill(at: str, _to: str = "") -> None:
            seen.append(at)
            if at == step and seen.count(step) == part:
                all_.gateway.kill()

        all_.meta.on_step = all_.meta.uploads.on_step = kill
        await all_.send("order", *FIVE)
        await until(lambda: not all_.gateway.runs, 30)
        in_doubt = step not in ("uploading", "uploaded")
        if in_doubt:
            # Taken all the same: the request was on its way.
            await all_.meta.until_taken(part)
        await all_.restart_gateway()
        if statuses:
            await all_.meta.tell(all_.meta.taken[part - 1], "sent")
        if statuses or not in_doubt:
            await all_.until_receipt("accepted", "sent", part=5)
            assert [taken.type for taken in all_.meta.taken] == AS_SENT
        else:
            # Once it has the answer, it may have written it down before it dies: then nothing is in doubt.
            ends = ("parked", "accepted") if step == "answered" else ("parked",)
            settled = await all_.until_receipt(*ends, part=part)
            if settled.state == "parked":
                told = await all_.service.run("why", settled.reply)
                assert f"does not send it any more by itself, part {part} of 5" in told.out
                assert [taken.type for taken in all_.meta.taken] == AS_SENT[:part]
        await all_.write("wamid.in2", "still there?")
        await until(lambda: all_.meta.texts()[-1] == "echo: still there?", 30)
        trackers = [taken.tracker for taken in all_.meta.taken]
        assert len(trackers) == len(set(trackers)), "sent twice"
        assert len({taken.object["id"] for taken in all_.meta.taken if taken.type in AS_SENT[:2]}) <= 2


async def test_killed_between_parts_and_webhooks(tmp_path: Path) -> None:
    """Killed when a part's outcome is in the log, the gateway goes on with the next one; what came in while it was away
    is delivered by Meta again, and answered once."""
    async with house(tmp_path) as all_:
        await all_.write("wamid.in1", LONG)
        await all_.until_receipt("accepted", part=1)
        all_.gateway.kill()
        with pytest.raises(aiohttp.ClientError):
            await all_.meta.post(messages(message("wamid.in2")))
        await all_.restart_gateway()
        for _ in range(3):
            await all_.write("wamid.in2", "again and again")
        await until(lambda: "echo: again and again" in all_.meta.texts())
        trackers: list[Any] = [taken.tracker for taken in all_.meta.taken]
        assert len(trackers) == len(set(trackers))
        parked = [receipt.part for receipt in await all_.receipts() if receipt.state == "parked"]
        assert len(trackers) + len(parked) >= 3
        assert all_.meta.texts().count("echo: again and again") == 1


@pytest.mark.slow("a lease outlives its holder by 3 s, and others begin only then")
@pytest.mark.parametrize(("command", "ready"), [("gateway cloud", "started"), ("serve", "webhooks")])
async def test_a_second_gateway_stands_by(tmp_path: Path, command: str, ready: str) -> None:
    """It takes webhooks, sends nothing, and takes over when the first is gone; also one in an instance's process."""
    async with house(tmp_path) as all_:
        with recado(tmp_path / "second", command=command, **all_.gateway.settings) as second:
            second.start(RECADO_WEBHOOK_PORT="0")
            await second.said("stands_by")
            all_.meta.webhook = (await second.said(ready))["webhook"]
            await all_.write("wamid.in1", "one")
            await all_.meta.until_taken(1)
            all_.gateway.kill()
            await second.said("lease_taken")
            await all_.write("wamid.in2", "two")
            await all_.meta.until_taken(2)
            assert all_.meta.texts() == ["echo: one", "echo: two"]


async def test_an_instance_beside_a_gateway_that_has_the_port(tmp_path: Path) -> None:
    """One .env for both, on one machine: the instance takes the webhooks once the port is free."""
    async with house(tmp_path) as all_:
        with recado(tmp_path / "second", **all_.gateway.settings) as second:
            await second.started()
            await second.said("webhook_port_taken")
            await all_.write("wamid.in1", "one")
            await all_.meta.until_taken(1)
            assert await all_.gateway.stop() == 0
            await second.said("webhooks")
            await all_.write("wamid.in2", "two")
            await all_.meta.until_taken(2)
            assert all_.meta.texts() == ["echo: one", "echo: two"]
