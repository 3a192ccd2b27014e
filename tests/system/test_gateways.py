"""The examples of gateways, as people run them, and the check that judges any gateway."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.subjects import ChatKey
from gateways.delivery.delivery import Delivery
from gateways.local.simulator import Simulator
from tests.system.service import Service

EXAMPLES = Path(__file__).parents[2] / "examples"


@asynccontextmanager
async def running(url: str, example: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """An example that is ready."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, EXAMPLES / example, *arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "NATS_URL": url},
    )
    try:
        assert await line_of(process) == "ready"
        yield process
    finally:
        process.kill()
        await process.wait()


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()


def key_of(account: str) -> ChatKey:
    return ChatKey(account, "5511999990000@s.whatsapp.net")


async def checked(service: Service, key: ChatKey, *options: str) -> tuple[int, list[dict[str, Any]]]:
    """What `recado gateway check` says of the account's gateway."""
    told = await service.recado.run("gateway", "check", key.chat, "--account", key.account, "--json", *options)
    return told.code, json.loads(told.out)


async def test_a_gateway_in_forty_lines(service: Service) -> None:
    """A typed line is answered, and the gateway passes the check but for the names that only a real network has."""
    key = key_of(f"forty-{token_hex(4)}")
    async with running(service.server.url, "gateway.py", key.account) as gateway:
        assert gateway.stdin is not None
        gateway.stdin.write(b"+5511999990000 What time do you open?\n")
        assert await line_of(gateway) == "5511999990000 echo: What time do you open?"
        code, findings = await checked(service, key)
        assert code == 0, findings
        assert [(finding["what"], finding["state"]) for finding in findings] == [
            ("outcome", "ok"), ("names", "warning"), ("outcome", "ok"), ("names", "warning"), ("order", "ok"),
        ]  # fmt: skip
        assert await line_of(gateway) == "5511999990000 recado is checking this gateway (1 of 2)"


def test_it_has_forty_lines() -> None:
    """Of code, that is."""
    code = (EXAMPLES / "gateway.py").read_text().partition('"""')[2].partition('"""')[2]
    lines = [line for line in code.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(lines) <= 40


async def test_the_check_of_recados_own(service: Service, tmp_path: Path) -> None:
    """The simulated phones keep to the contract."""
    key = key_of(f"own-{token_hex(4)}")
    bus = await Bus.open(service.server.url)
    log = await JetStreamLog.open(bus)
    delivery = Delivery(log, key.account, Simulator(log, key.account), data_dir=tmp_path)
    gateway = asyncio.create_task(delivery.run())
    await asyncio.wait_for(delivery.started.wait(), 60)
    code, findings = await checked(service, key)
    delivery.stop()
    await gateway
    await log.close()
    await bus.close()
    assert (code, findings[-1]["says"]) == (0, "claimed before it was sent, one after the other, each once")


async def test_the_check_of_a_gateway_that_claims_nothing(service: Service) -> None:
    """It says `delivered` and nothing before: it is told what that breaks."""
    key = key_of(f"bad-{token_hex(4)}")

    async def deliver(message: Any) -> None:
        reply = json.loads(message.data)
        receipt = {"id": "x", "reply": reply["id"], "state": "sent"}
        await service.outsider.put("receipt", key, json.dumps(receipt).encode())

    listening = await service.outsider.bus.subscribe(f"wa.out.{key.account}.>", cb=deliver)
    code, findings = await checked(service, key)
    await listening.unsubscribe()
    assert code == 1
    assert [finding["says"].partition("is ")[2] for finding in findings if finding["state"] == "failure"] == [
        "`sent` without a `sending` before it: a crash could repeat it"
    ] * 2


async def test_the_check_without_a_gateway(service: Service) -> None:
    """No receipt comes: it says so, and names the duties of a gateway."""
    code, findings = await checked(service, key_of(f"none-{token_hex(4)}"), "--timeout", "1")
    assert (code, [finding["what"] for finding in findings]) == (1, ["outcome", "outcome"])


@pytest.mark.parametrize(
    ("message", "state", "says"),
    [
        ({"id": "m1", "text": "hi", "at": "2026-01-01T12:00:00Z"}, "warning", "sent at"),
        ({"id": "m1", "text": "hi"}, "warning", "has no time"),
        ({"text": "hi"}, "failure", "unreadable"),
    ],
)
async def test_the_check_of_what_comes_in(service: Service, message: dict[str, Any], state: str, says: str) -> None:
    """With --listen the first message is looked at as well."""
    key = key_of(f"in-{token_hex(4)}")
    checking = asyncio.create_task(checked(service, key, "--listen", "--timeout", "3"))
    while not checking.done():
        await service.outsider.put("in", key, json.dumps(message).encode())
        await asyncio.sleep(0.2)
    _code, findings = await checking
    assert (findings[0]["state"], says in findings[0]["says"]) == (state, True), findings
