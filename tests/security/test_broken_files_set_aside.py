"""One message whose file a gateway breaks on is set aside, with a line and a count; the account goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from events.inbound import Media, Message
from events.jetstream.media_store import Object
from events.log import Head, LogUnavailable
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.subjects import ChatKey
from gateways.cloud import fetching as module
from gateways.cloud.fetching import LONGEST_NAME, Fetching
from gateways.delivery.checkpoint import CheckpointFile
from tests.waiting import until

KEY = ChatKey("shop", "12025550143@s.whatsapp.net")


def passed(reader: str) -> float:
    labels = {"account": KEY.account, "reader": reader}
    return REGISTRY.get_sample_value("recado_gateway_events_set_aside_total", labels) or 0.0


class Store:
    """An object store that breaks on one name, at every request."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def find(self, name: str) -> Object | None:
        self.asked.append(name)
        if "poison" in name:
            raise ValueError("a defect")
        return Object(1)

    async def put(self, name: str, pieces: AsyncIterator[bytes]) -> Object:
        raise NotImplementedError

    async def give_up(self, name: str, reason: str, detail: str) -> None:
        raise ValueError(f"{name}, {reason}, {detail}: a defect")


@asynccontextmanager
async def fetching(log: MemoryLog, store: Store, folder: Path) -> AsyncIterator[None]:
    """A gateway's fetching, which has to live to the end."""
    made = Fetching(log, KEY.account, store, None, data_dir=folder, kept=timedelta(days=1))  # type: ignore[arg-type]
    running = asyncio.create_task(made.run())
    try:
        yield
        assert not running.done(), running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def came_in(log: MemoryLog, name: str) -> None:
    await log.publish(KEY, Message(id=name[:20], kind="image", media=Media(object=name)), msg_id=name)


@pytest.mark.parametrize("name", ["meta:poison", "meta:" + "x" * LONGEST_NAME, "meta:" + "ã" * LONGEST_NAME])
async def test_a_file_that_fetching_breaks_on(tmp_path: Path, name: str) -> None:
    log, store, before = MemoryLog(), Store(), passed("fetching")
    with capture_logs() as logs:
        async with fetching(log, store, tmp_path):
            await came_in(log, name)
            await came_in(log, "meta:good")
            await until(lambda: "meta:good" in store.asked)
            await until(lambda: passed("fetching") == before + 1)
    (told,) = [line for line in logs if line["event"] == "event_set_aside"]
    assert (told["seq"], told["reader"]) == (1, "fetching")


async def test_a_message_that_fetching_cannot_look_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = module._wanted

    def breaks(recorded: Recorded) -> Any:
        if recorded.seq == 1:
            raise RecursionError
        return wanted(recorded)

    monkeypatch.setattr(module, "_wanted", breaks)
    log, store, before = MemoryLog(), Store(), passed("fetching")
    with capture_logs():
        async with fetching(log, store, tmp_path):
            await came_in(log, "meta:bad")
            await came_in(log, "meta:good")
            await until(lambda: store.asked == ["meta:good"])
    assert passed("fetching") == before + 1


async def test_fetching_without_the_log_or_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks again, and goes on without a checkpoint."""

    class Away(MemoryLog):
        refusals = 2

        async def head(self) -> Head:
            if self.refusals:
                self.refusals -= 1
                raise LogUnavailable("away")
            return await super().head()

    def full(_file: CheckpointFile, _saved: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gateways.until_stopped._OUTAGE_PAUSE", 0.01)
    monkeypatch.setattr(CheckpointFile, "save", full)
    log, store = Away(), Store()
    with capture_logs() as logs:
        async with fetching(log, store, tmp_path):
            await came_in(log, "meta:good")
            await until(lambda: "checkpoint_not_saved" in [line["event"] for line in logs])
    assert store.asked == ["meta:good"]
