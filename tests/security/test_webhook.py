"""The webhook keeps nothing of those who are not Meta, and nothing that is posted ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from events.memory_log import MemoryLog
from gateways.cloud import webhook as webhook_module
from tests.doubles.graph_webhooks import message, messages, signed
from tests.gateways.cloud.test_webhook import client, ids, post

FORGED = {"X-Hub-Signature-256": "sha256=" + "0" * 64}


@pytest.mark.parametrize(
    "header", [None, "", "sha256=", "sha256=" + "0" * 63, "sha256=" + "Z" * 64, "sha1=" + "0" * 64]
)
async def test_a_body_without_a_signature_is_not_read(header: str | None) -> None:
    """The refusal comes before the body, however long it is."""
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 1
            yield b"x" * 65536

    headers = {} if header is None else {"X-Hub-Signature-256": header}
    async with client(MemoryLog()) as meta:
        answer = await meta.post("/webhook", content=endless(), headers=headers)
    assert (answer.status_code, answer.headers["connection"], read) == (403, "close", 0)


async def test_a_body_of_more_than_four_mib_is_refused() -> None:
    """By its declared length, and by its true one."""
    raw = b"x" * (4 * 1024 * 1024 + 1)

    async def pieces() -> AsyncIterator[bytes]:
        yield raw

    async with client(MemoryLog()) as meta:
        told = await meta.post("/webhook", content=raw, headers=FORGED)
        untold = await meta.post("/webhook", content=pieces(), headers=FORGED)
    assert (told.status_code, untold.status_code) == (413, 413)


async def test_a_body_that_never_ends_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_module, "BODY_WITHIN", 0.01)

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with client(MemoryLog()) as meta:
        assert (await meta.post("/webhook", content=stuck(), headers=FORGED)).status_code == 408


async def test_slow_large_bodies_give_their_slots_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight forged bodies that stop in the middle hold every slot. They are refused long before a body's own time is
    over, and Meta's large webhook, which waits for a slot, is taken at its first try."""
    monkeypatch.setattr(webhook_module, "SLOT_WITHIN", 0.05)
    log, held = MemoryLog(), 0
    every = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        nonlocal held
        yield b"x" * (webhook_module.SMALL + 1)
        held += 1
        if held == webhook_module.BODIES_AT_ONCE:
            every.set()
        await asyncio.Event().wait()

    raw = messages(message("wamid.1", text={"body": "x" * 2 * webhook_module.SMALL}))
    async with client(log) as meta:
        forged = [
            asyncio.create_task(meta.post("/webhook", content=stuck(), headers=FORGED))
            for _ in range(webhook_module.BODIES_AT_ONCE)
        ]
        await every.wait()
        taken = await meta.post("/webhook", content=raw, headers=signed(raw))
        refused = [(await each).status_code for each in forged]
    assert (taken.status_code, refused) == (200, [408] * webhook_module.BODIES_AT_ONCE)


async def test_a_storm_is_one_line() -> None:
    with capture_logs() as logs:
        async with client(MemoryLog()) as meta:
            for _ in range(200):
                await meta.post("/webhook", content=b"{}", headers=FORGED)
    assert [entry["event"] for entry in logs] == ["webhook_refused"]


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"entry":' * 100_000,
        b'{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":'
        + b'{"a":' * 50_000
        + b"1"
        + b"}" * 50_000
        + b"}]}]}",
        b"\xff\x00" * 100,
        b"9" * 5000,
        b"",
    ],
)
async def test_any_signed_bytes_are_taken_and_the_next_ones_too(raw: bytes) -> None:
    """Nested as deeply as they like: a dead letter, not an exception."""
    log = MemoryLog()
    assert await post(log, raw, signed(raw)) == 200
    good = messages(message("wamid.1"))
    assert await post(log, good) == 200
    assert await ids(log) == ["wamid.1"]
