"""The files of replies are read from both object stores piece by piece, whole or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256

import pytest

from events.files import File, NotWhole
from events.jetstream.connection import Bus
from events.jetstream.library import JetStreamLibrary
from events.jetstream.media_store import MediaStore
from events.jetstream.objects import PIECE, find_object, meta_subject, piece_subject
from events.jetstream.stored_files import StoredFiles
from tests.conftest import LOG_BYTES

LARGE = bytes(range(256)) * (PIECE // 100)
"""Three pieces."""


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def read(file: File | None) -> bytes:
    assert file is not None
    return b"".join([piece async for piece in file.pieces()])


@pytest.fixture
async def store(bus: Bus) -> MediaStore:
    return await MediaStore.open(bus, kept=timedelta(hours=1), log_bytes=LOG_BYTES, replicas=1)


async def test_both_stores(bus: Bus, store: MediaStore) -> None:
    """The same bytes have the same SHA-256, in digits, wherever they lie."""
    files = StoredFiles(bus)
    digest = sha256(LARGE).hexdigest()
    assert await files.find(f"LIBRARY/{digest}") is None, "there is no such store yet"
    library = await JetStreamLibrary.open(bus, log_bytes=LOG_BYTES, replicas=1)
    kept = await library.keep(LARGE)
    await library.close()
    await store.put("a b/c.png", in_pieces(LARGE))
    for name in (kept, "MEDIA/a b/c.png"):
        found = await files.find(name)
        assert found is not None
        assert (found.size, found.sha256) == (len(LARGE), digest)
        assert await read(found) == LARGE
        assert await read(found) == LARGE, "a second reading begins again"


@pytest.mark.parametrize("name", ["MEDIA/gone", "LIBRARY/" + 64 * "0", "LIBRARY/x", "other", "MEDIA/"])
async def test_no_such_file(bus: Bus, store: MediaStore, name: str) -> None:
    assert await StoredFiles(bus).find(name) is None


async def test_one_that_was_never_fetched(bus: Bus, store: MediaStore) -> None:
    await store.give_up("meta:1", "too_large", "99 bytes")
    assert await StoredFiles(bus).find("MEDIA/meta:1") is None


async def test_one_that_lost_a_piece(bus: Bus, store: MediaStore) -> None:
    """Expired in the middle: its reader hears it before the end."""
    await store.put("a", in_pieces(LARGE))
    found = await StoredFiles(bus).find("MEDIA/a")
    meta = await find_object(bus, "MEDIA", "a")
    assert meta is not None
    stored = await bus.jetstream().get_last_msg("OBJ_MEDIA", piece_subject("MEDIA", meta.nuid))
    assert stored.seq is not None
    await bus.jetstream().delete_msg("OBJ_MEDIA", stored.seq)
    with pytest.raises(NotWhole):
        await read(found)


@pytest.mark.parametrize("digest", ["", "SHA-256=", "SHA-256=é", "SHA-1=AAAA", "SHA-256=AAAA", "SHA-256=" + 43 * "A"])
async def test_one_of_another_digest(bus: Bus, store: MediaStore, digest: str) -> None:
    """A description that another program wrote: no file, or other bytes than it says."""
    await store.put("a", in_pieces(LARGE))
    meta = await find_object(bus, "MEDIA", "a")
    assert meta is not None
    body = f'{{"name":"a","bucket":"MEDIA","nuid":"{meta.nuid}","size":{meta.size},"chunks":3,"digest":"{digest}"}}'
    await bus.jetstream().publish(meta_subject("MEDIA", "a"), body.encode(), headers={"Nats-Rollup": "sub"})
    found = await StoredFiles(bus).find("MEDIA/a")
    if found is not None:
        with pytest.raises(NotWhole):
            await read(found)
