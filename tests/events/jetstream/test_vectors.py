"""The shared vectors on JetStream: claimed by one, whole or absent, ended when no document has them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from events.jetstream import vectors as module
from events.jetstream.connection import Bus
from events.jetstream.library import JetStreamLibrary, damaged_files
from events.jetstream.objects import PIECE, find_object, piece_subject
from events.jetstream.vectors import JetStreamVectors
from events.log import LogFull
from events.vectors import PREFIX
from tests.conftest import LOG_BYTES

NAME = f"{PREFIX}model-words"
VECTORS = [(bytes([number]) * 16, bytes([number]) * 8192) for number in range(40)]
"""More than one message."""


@pytest.fixture
async def library(bus: Bus) -> AsyncIterator[JetStreamLibrary]:
    found = await JetStreamLibrary.open(bus, log_bytes=LOG_BYTES, replicas=1)
    yield found
    await found.close()


@pytest.fixture
async def shared(bus: Bus, library: JetStreamLibrary) -> AsyncIterator[JetStreamVectors]:
    found = await JetStreamVectors.open(bus)
    yield found
    await found.close()


async def made(shared: JetStreamVectors, name: str = NAME) -> None:
    claim = await shared.claim(name)
    assert claim is not None
    await shared.keep(name, claim, VECTORS)


async def test_one_makes_a_portion_for_all(bus: Bus, shared: JetStreamVectors) -> None:
    other = await JetStreamVectors.open(bus)
    claim = await shared.claim(NAME)
    assert claim is not None
    assert await other.claim(NAME) is None
    assert await other.of(NAME) is None
    await shared.keep(NAME, claim, VECTORS)
    assert await other.of(NAME) == VECTORS
    assert await other.claim(NAME) is None
    await other.close()


async def test_a_claim_ends(bus: Bus, shared: JetStreamVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one, which comes back late, changes nothing, and leaves no bytes."""
    late = await shared.claim(NAME)
    assert late is not None
    monkeypatch.setattr(module, "CLAIM", -60.0)  # also on a machine whose clock is behind
    await made(shared)
    await shared.keep(NAME, late, VECTORS[:1])
    assert await shared.of(NAME) == VECTORS
    assert await bytes_kept(bus) == 1


async def test_what_is_no_longer_whole_is_made_again(bus: Bus, shared: JetStreamVectors) -> None:
    await made(shared)
    meta = await find_object(bus, "LIBRARY", NAME)
    assert meta is not None
    await bus.jetstream().purge_stream("OBJ_LIBRARY", subject=piece_subject("LIBRARY", meta.nuid))
    with capture_logs() as logs:
        assert await shared.of(NAME) is None
        await made(shared)
    assert "vectors_made_again" in [entry["event"] for entry in logs]
    assert await shared.of(NAME) == VECTORS


async def test_what_no_document_has_ends_after_a_day(
    bus: Bus, shared: JetStreamVectors, library: JetStreamLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And files stay, of which the vectors are none."""
    file = await library.keep(b"a file")
    await made(shared)
    await made(shared, f"{NAME}-in-use")
    assert await shared.tidy({f"{NAME}-in-use"}) == 0
    monkeypatch.setattr(module, "KEPT", -60.0)
    assert await shared.tidy({f"{NAME}-in-use"}) == 1
    assert await shared.tidy({f"{NAME}-in-use"}) == 0
    assert await shared.of(NAME) is None
    assert await shared.of(f"{NAME}-in-use") == VECTORS
    assert await bytes_kept(bus) == 1
    assert await library.objects() == [file]
    assert await library.content(file) == b"a file"
    assert await damaged_files(bus) == []
    await made(shared)  # it comes back with its document
    assert await shared.of(NAME) == VECTORS


async def test_files_keep_their_room(bus: Bus, shared: JetStreamVectors) -> None:
    await made(shared)
    info = await bus.jetstream().stream_info("OBJ_LIBRARY")
    assert info.state.bytes > 2 * PIECE
    await bus.jetstream().update_stream(info.config, max_bytes=info.state.bytes + PIECE // 8)
    with pytest.raises(LogFull, match="for files"):
        await shared.claim(f"{NAME}-more")


async def test_what_another_program_wrote_is_not_read(shared: JetStreamVectors, bus: Bus) -> None:
    store = await bus.jetstream().object_store("LIBRARY")
    await store.put(NAME, b"not ours")
    assert await shared.of(NAME) is None


async def bytes_kept(bus: Bus) -> int:
    """Objects of vectors that have bytes."""
    info = await bus.jetstream().stream_info("OBJ_LIBRARY", subjects_filter="$O.LIBRARY.C.*")
    subjects = [subject for subject, count in (info.state.subjects or {}).items() if PREFIX in subject and count > 1]
    return len(subjects)
