"""Files of messages come from Meta into the object store: all of them, whole, or with the reason why not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chat.attachments import MIB
from events.inbound import Media, Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore, Object
from gateways.cloud.download import Download
from gateways.cloud.fetching import Fetching
from gateways.cloud.graph import Graph
from gateways.cloud.token import fixed
from tests.conftest import LOG_BYTES
from tests.doubles.graph_media import Fault
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import PHONE_NUMBER_ID
from tests.gateways.cloud.gateway import ANA
from tests.waiting import until

VOICE = b"OggS" * 100_000


@pytest.fixture
async def meta() -> AsyncIterator[GraphDouble]:
    async with GraphDouble() as running:
        yield running


@pytest.fixture
async def store(bus: Bus) -> MediaStore:
    return await MediaStore.open(bus, kept=timedelta(hours=1), log_bytes=LOG_BYTES, replicas=1)


@asynccontextmanager
async def fetching(
    log: JetStreamLog, store: MediaStore, meta: GraphDouble, folder: Path, **settings: Any
) -> AsyncIterator[None]:
    """A gateway's fetching; leaving it is like a crash."""
    async with Graph.session() as session:
        made = Fetching(
            log,
            "shop",
            store,
            Download(session, meta.url, PHONE_NUMBER_ID, fixed(ACCESS_TOKEN)),
            data_dir=folder,
            **{"kept": timedelta(hours=1), "patience": 10.0, "wait": lambda _: 0.01, **settings},
        )
        running = asyncio.create_task(made.run())
        try:
            yield
            assert not running.done(), running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def came_in(log: JetStreamLog, media: str, kind: str = "audio", **fields: Any) -> None:
    file = Media(object=f"meta:{media}", mime="audio/ogg")
    await log.publish(ANA, Message(id=f"wamid.{media}", kind=kind, media=file, **fields), msg_id=f"in:{media}")


async def settled(store: MediaStore, media: str) -> Object:
    async def there() -> Object | None:
        return await store.find(f"meta:{media}")

    found = await until(there)
    assert isinstance(found, Object)
    return found


async def test_a_file_is_fetched(
    jetstream_log: JetStreamLog, store: MediaStore, meta: GraphDouble, tmp_path: Path
) -> None:
    """Under the name that its message says; with the token, by the id, from the URL."""
    meta.media.add("1", VOICE, "audio/ogg; codecs=opus")
    async with fetching(jetstream_log, store, meta, tmp_path):
        await came_in(jetstream_log, "1")
        assert await settled(store, "1") == Object(len(VOICE))
    assert await store.read("meta:1") == VOICE
    assert meta.media.loaded == ["1"]


@pytest.mark.parametrize("fault", ["token", "http", "cut", "other_bytes"])
async def test_a_failed_fetch_is_tried_again(
    jetstream_log: JetStreamLog, store: MediaStore, meta: GraphDouble, tmp_path: Path, fault: Fault
) -> None:
    """A download that breaks off, or gives something else, leaves nothing; the next one is whole."""
    meta.media.add("1", VOICE, "audio/ogg")
    meta.media.faults = [fault, fault]
    async with fetching(jetstream_log, store, meta, tmp_path):
        await came_in(jetstream_log, "1")
        assert await settled(store, "1") == Object(len(VOICE))
    assert await store.read("meta:1") == VOICE


async def test_a_fetch_that_goes_on_failing_is_given_up(
    jetstream_log: JetStreamLog, store: MediaStore, meta: GraphDouble, tmp_path: Path
) -> None:
    """The reason stands where the file would: nobody has to wait for it any longer."""
    meta.media.add("1", VOICE, "audio/ogg")
    meta.media.faults = ["http"] * 10_000
    async with fetching(jetstream_log, store, meta, tmp_path, patience=0.3):
        await came_in(jetstream_log, "1")
        given_up = await settled(store, "1")
    assert (given_up.reason, given_up.detail) == ("not_fetched", "HTTP 500 at the file's URL")
    assert await store.read("meta:1") == b""


@pytest.mark.parametrize(
    "case",
    [("audio", 16 * MIB + 1, "too_large"), ("image", 5 * MIB + 1, "too_large"), ("document", 5 * MIB + 1, None)],
)
async def test_a_file_that_is_too_large(
    jetstream_log: JetStreamLog,
    store: MediaStore,
    meta: GraphDouble,
    tmp_path: Path,
    case: tuple[str, int, str | None],
) -> None:
    """Is not loaded at all; how much is too much depends on the kind."""
    kind, size, reason = case
    meta.media.add("1", b"x" * size, "audio/ogg")
    async with fetching(jetstream_log, store, meta, tmp_path):
        await came_in(jetstream_log, "1", kind)
        assert (await settled(store, "1")).reason == reason
    assert meta.media.loaded == ([] if reason else ["1"])


@pytest.mark.parametrize("size", ["9" * 5000, "\u00b2", "-1", "", str(len(VOICE))])
async def test_a_size_in_words(
    jetstream_log: JetStreamLog, store: MediaStore, meta: GraphDouble, tmp_path: Path, size: str
) -> None:
    """The pieces of the file are counted, whatever size is told."""
    meta.media.add("1", VOICE, "audio/ogg")
    meta.media.told = {"file_size": size}
    async with fetching(jetstream_log, store, meta, tmp_path):
        await came_in(jetstream_log, "1")
        assert await settled(store, "1") == Object(len(VOICE))


async def test_a_size_of_hundreds_of_digits(
    jetstream_log: JetStreamLog, store: MediaStore, meta: GraphDouble, tmp_path: Path
) -> None:
    """An answer with it is none of Meta's."""
    meta.media.add("1", VOICE, "audio/ogg")
    meta.media.told = {"file_size": 10**400}
    async with fetching(jetstream_log, store, meta, tmp_path, patience=0.3):
        await came_in(jetstream_log, "1")
        given_up = await settled(store, "1")
    assert (given_up.reason, given_up.detail) == ("not_fetched", "HTTP 200, which is no answer of Meta's")


async def test_a_file_that_meta_does_not_have(
    jetstream_log: JetStreamLog, store: MediaStore, meta: GraphDouble, tmp_path: Path
) -> None:
    """An id that nobody knows (any more) is given up at once."""
    async with fetching(jetstream_log, store, meta, tmp_path):
        await came_in(jetstream_log, "404")
        given_up = await settled(store, "404")
    assert given_up.reason == "not_fetched"
    assert "does not exist" in given_up.detail


async def test_an_interrupted_fetch_is_done_later(
    jetstream_log: JetStreamLog, store: MediaStore, meta: GraphDouble, tmp_path: Path
) -> None:
    """What came in while nobody fetched, and what was under way; what is there is not loaded twice."""
    for media in ("1", "2", "3"):
        meta.media.add(media, VOICE, "audio/ogg")
    async with fetching(jetstream_log, store, meta, tmp_path):
        await came_in(jetstream_log, "1")
        await settled(store, "1")
        meta.media.faults = ["http"] * 10_000
        await came_in(jetstream_log, "2")
        await until(lambda: "2" in meta.media.loaded)
    meta.media.faults = []
    await came_in(jetstream_log, "3")
    async with fetching(jetstream_log, store, meta, tmp_path):
        assert (await settled(store, "2")).reason is None
        assert (await settled(store, "3")).reason is None
    assert meta.media.loaded.count("1") == 1


async def test_a_slow_file_holds_up_no_other(
    jetstream_log: JetStreamLog, store: MediaStore, meta: GraphDouble, tmp_path: Path
) -> None:
    """They are fetched side by side."""
    meta.media.add("1", VOICE, "audio/ogg")
    meta.media.faults = ["gone"]
    meta.media.add("2", b"x", "audio/ogg")
    async with fetching(jetstream_log, store, meta, tmp_path):
        await came_in(jetstream_log, "1")
        await came_in(jetstream_log, "2")
        await settled(store, "2")
        await settled(store, "1")


async def test_files_of_other_gateways_are_left_alone(
    jetstream_log: JetStreamLog, store: MediaStore, meta: GraphDouble, tmp_path: Path
) -> None:
    """A name that is not Meta's is somebody else's affair, and what is older than the store keeps is not fetched."""
    meta.media.add("1", b"x", "audio/ogg")
    meta.media.add("2", b"x", "audio/ogg")
    other = Message(id="m", kind="audio", media=Media(object="mine"))
    await jetstream_log.publish(ANA, other, msg_id="in:m")
    await came_in(jetstream_log, "1")
    async with fetching(jetstream_log, store, meta, tmp_path, kept=timedelta(seconds=-1)):
        await until((tmp_path / "media-shop.json").exists)
    async with fetching(jetstream_log, store, meta, tmp_path):
        await came_in(jetstream_log, "2")
        await settled(store, "2")
    assert meta.media.loaded == ["2"]
    assert await store.find("mine") is None
