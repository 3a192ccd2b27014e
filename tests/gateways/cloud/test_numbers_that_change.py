"""Numbers that come, end, change and get tokens while others are served: none disturbs another."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import httpx2
import pytest
from structlog.testing import capture_logs

from actors.leases.lease import Lease
from events.jetstream.media_store import MediaStore
from events.memory_log import MemoryLog
from gateways.cloud.lines import Line, Lines
from gateways.cloud.parsing import Parser
from gateways.cloud.webhook import Webhook
from gateways.intake import NoPeople
from gateways.names.followed import NamesUnavailable
from gateways.names.person import Person
from recado.doctor.whatsapp import whatsapp_findings
from recado.settings.settings import settings_of
from recado.settings.whatsapp import Number
from recado.wiring import cloud_numbers
from recado.wiring.cloud_gateway import is_gateway, start_cloud
from recado.wiring.cloud_number import CloudNumber, Parts, Replies
from recado.wiring.cloud_numbers import CloudNumbers
from recado.wiring.lifecycle import Lifetime
from tests.doubles.graph_server import ACCESS_TOKEN
from tests.doubles.graph_webhooks import APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN, message, messages, signed
from tests.gateways.cloud.numbers import GIVEN, OTHER_ID, OTHER_TOKEN, Held, of_bakery
from tests.gateways.replies import events
from tests.waiting import until


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    return GIVEN | {"RECADO_DATA": str(tmp_path / "data")}


async def test_a_number_that_comes_while_its_update_waits() -> None:
    """Another look was faster, so that this one finds nothing new: the update is no dead letter."""
    log, lines = MemoryLog(), Lines({PHONE_NUMBER_ID: Line("shop")})

    async def look_again() -> bool:
        lines[OTHER_ID] = Line("bakery")
        return False

    hook = Webhook(log, "shop", Parser(lines), app_secret=APP_SECRET, verify_token=VERIFY_TOKEN, look_again=look_again)
    raw = of_bakery(messages, message("wamid.1"))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(hook.app()), base_url="http://hook") as meta:
        assert (await meta.post("/webhook", content=raw, headers=signed(raw))).status_code == 200
    assert log.dead_letters == []
    assert [one.event.id for one in await events(log, "bakery")] == ["wamid.1"]


async def test_a_changed_number_that_cannot_be_noted_holds_up_no_other_number() -> None:
    """Of one batch: what comes after the change for the same number waits for WhatsApp's next try."""

    class Without(NoPeople):
        async def renamed(self, account: str, former: Sequence[str], now: Sequence[str], since: int) -> Person | None:
            raise NamesUnavailable("a test")

    log, lines = MemoryLog(), Lines({PHONE_NUMBER_ID: Line("shop"), OTHER_ID: Line("bakery")})
    hook = Webhook(
        log, "shop", Parser(lines), app_secret=APP_SECRET, verify_token=VERIFY_TOKEN, people=cast("Any", Without())
    )
    system = message("wamid.1", "system", system={"type": "user_changed_number", "wa_id": "16505550000"})
    first = json.loads(messages(system, message("wamid.2")))
    first["entry"] += json.loads(of_bakery(messages, message("wamid.3")))["entry"]
    raw = json.dumps(first).encode()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(hook.app()), base_url="http://hook") as meta:
        assert (await meta.post("/webhook", content=raw, headers=signed(raw))).status_code == 503
    assert await events(log, "shop") == []
    assert [one.event.id for one in await events(log, "bakery")] == ["wamid.3"]


class Gateway:
    """A number's gateway that ends when `may_end` is set after `stop`."""

    def __init__(self, number: Number, looks: Callable[[], Awaitable[object]] | None = None) -> None:
        self.line = Line(number.account)
        self.may_end = asyncio.Event()
        self.ended = False
        self._looks = looks

    async def run(self) -> None:
        await self.may_end.wait()
        self.ended = True

    async def look_again(self) -> None:
        if self._looks is not None:
            await self._looks()

    def stop(self) -> bool:
        return True


async def test_a_number_that_has_ended_its_messages_ends_no_other() -> None:
    """When the process is stopped, each number has time for its own messages on the wire."""
    made: list[Gateway] = []

    def begin(number: Number) -> CloudNumber:
        made.append(Gateway(number))
        return cast("CloudNumber", made[-1])

    numbers = CloudNumbers(lambda: (Number("1", "a"), Number("2", "b")), begin)
    running = asyncio.create_task(numbers.run())
    await until(lambda: len(made) == 2)
    draining = asyncio.create_task(numbers.drain())
    first, second = made
    first.may_end.set()
    await until(lambda: first.ended)
    for _ in range(10):
        await asyncio.sleep(0)
    second.may_end.set()
    await asyncio.gather(draining, running)
    assert second.ended


async def test_a_number_that_comes_while_tokens_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A webhook may bring it at any moment; the others go on."""
    monkeypatch.setattr(cloud_numbers, "EVERY", 0.01)
    listed, read = [Number("1", "a")], asyncio.Event()

    async def comes() -> None:
        if len(listed) == 1:
            listed.append(Number("2", "b"))
            await numbers.look_again()
        elif len(numbers.lines) == 2:
            read.set()

    numbers = CloudNumbers(lambda: tuple(listed), lambda number: cast("CloudNumber", Gateway(number, comes)))
    running = asyncio.create_task(numbers.run())
    reading = asyncio.create_task(read.wait())
    await asyncio.wait({running, reading}, return_when=asyncio.FIRST_COMPLETED)
    assert reading.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_new_token_ends_the_pause_on_the_loop(
    given: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is read by a thread; those who wait for the end of the pause are woken on the loop."""
    threads: list[threading.Thread] = []
    monkeypatch.setattr(Replies, "hurry", lambda _: threads.append(threading.current_thread()))
    del given["WHATSAPP_ACCESS_TOKEN"]
    file = folder / "WHATSAPP_ACCESS_TOKEN"
    file.write_text(ACCESS_TOKEN)
    settings = settings_of(given | {"RECADO_SECRETS": str(folder)})
    nothing = cast("Any", None)
    parts = Parts(settings, MemoryLog(), nothing, nothing, nothing, NoPeople(), None)
    gateway = CloudNumber(Number(OTHER_ID, "bakery"), parts, lambda: cast("Lease", Held()))
    await gateway.look_again()
    file.write_text(OTHER_TOKEN)
    await gateway.look_again()
    assert threads == [threading.current_thread()]


@pytest.mark.parametrize("listed", ["shop", f"{PHONE_NUMBER_ID}=local"])
async def test_a_list_that_is_wrong_at_the_start_is_told(given: dict[str, str], folder: Path, listed: str) -> None:
    """By the instance, which runs alone, and by the doctor."""
    (folder / "WHATSAPP_NUMBERS").write_text(listed)
    settings = settings_of(given | {"RECADO_SECRETS": str(folder), "WHATSAPP_ACCESS_TOKEN": ""})
    with capture_logs() as logs:
        assert not is_gateway(settings)
    assert [entry["event"] for entry in logs] == ["no_gateway"]
    (finding,) = [found async for found in whatsapp_findings(settings)]
    assert "WHATSAPP_NUMBERS" in finding.says


async def test_a_list_that_breaks_while_the_gateway_begins(
    given: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process, which may be an instance too, goes on, and serves the numbers once they are there."""

    async def join(_bus: object) -> None: ...

    monkeypatch.setattr(MediaStore, "join", join)
    (folder / "WHATSAPP_NUMBERS").write_text("shop")
    settings = settings_of(given | {"RECADO_SECRETS": str(folder)})
    bus, log = cast("Any", Mock()), cast("Any", MemoryLog())
    async with AsyncExitStack() as stack:
        with capture_logs() as logs:
            assert await start_cloud(Lifetime(stack), settings, bus, log, cast("Any", None))
    assert [entry["event"] for entry in logs] == ["numbers_unusable"]
