"""Bytes of vectors that a crash left without a description, and the tokens that vectors cost."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from events.jetstream import vectors as module
from events.jetstream.connection import Bus
from events.jetstream.library import JetStreamLibrary
from events.jetstream.vectors import JetStreamVectors
from events.log import LogUnavailable
from events.vectors import name_of_tokens
from tests.events.jetstream.test_vectors import NAME, VECTORS, bytes_kept, library, made, shared

__all__ = ["library", "shared"]


async def crashed(shared: JetStreamVectors, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An instance that is killed after the bytes of a portion and before its description."""
    claim = await shared.claim(name)
    assert claim is not None
    with monkeypatch.context() as patch:
        patch.setattr(shared, "_describe", _killed)
        with pytest.raises(asyncio.CancelledError):
            await shared.keep(name, claim, VECTORS)


async def _killed(*_: object) -> None:
    raise asyncio.CancelledError


@pytest.fixture
def aged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEFT", -60.0)
    monkeypatch.setattr(module, "SWEPT_EVERY", -60.0)


@pytest.mark.usefixtures("aged")
async def test_bytes_without_a_description_are_cleared(
    bus: Bus, shared: JetStreamVectors, library: JetStreamLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing else: no portion in use, none that was made after the crash, no file."""
    file = await library.keep(b"a file")
    await made(shared, f"{NAME}-in-use")
    await crashed(shared, NAME, monkeypatch)
    await crashed(shared, f"{NAME}-again", monkeypatch)
    monkeypatch.setattr(module, "CLAIM", -60.0)
    await made(shared, f"{NAME}-again")
    assert await bytes_kept(bus) == 4
    size = (await bus.jetstream().stream_info("OBJ_LIBRARY")).state.bytes
    assert await shared.sweep() == 2
    assert await bytes_kept(bus) == 2
    assert (await bus.jetstream().stream_info("OBJ_LIBRARY")).state.bytes < size - 2 * 40 * 8192
    assert await shared.sweep() == 0
    other = await JetStreamVectors.open(bus)
    assert await other.sweep() == 0
    await other.close()
    for name in (f"{NAME}-in-use", f"{NAME}-again"):
        assert await shared.of(name) == VECTORS
    assert await library.content(file) == b"a file"
    await made(shared)  # the portion that no one has made
    assert await shared.of(NAME) == VECTORS


async def test_what_another_instance_may_be_writing_stays(
    bus: Bus, shared: JetStreamVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    await crashed(shared, NAME, monkeypatch)
    assert await shared.sweep() == 0
    assert await bytes_kept(bus) == 1


@pytest.mark.usefixtures("aged")
async def test_a_portion_that_is_described_during_the_sweep_is_made_again(
    bus: Bus, shared: JetStreamVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that slept for hours between both may describe bytes that are gone: nobody reads half of them."""
    claim = await shared.claim(NAME)
    assert claim is not None
    describe = shared._describe

    async def slept(meta: module.ObjectMeta, expected: int) -> int | None:
        monkeypatch.setattr(shared, "_describe", describe)
        assert await shared.sweep() == 1
        return await describe(meta, expected)

    monkeypatch.setattr(shared, "_describe", slept)
    await shared.keep(NAME, claim, VECTORS)
    assert await shared.of(NAME) is None
    await made(shared)
    assert await shared.of(NAME) == VECTORS


@pytest.mark.usefixtures("aged")
async def test_what_cannot_be_read_stays(bus: Bus, shared: JetStreamVectors) -> None:
    """A description that another program, or a later recado, wrote."""
    await made(shared)
    await bus.jetstream().publish(module.meta_subject("LIBRARY", NAME), b"?", headers={"Nats-Rollup": "sub"})
    assert await shared.sweep() == 0
    assert await bytes_kept(bus) == 1


@pytest.mark.usefixtures("aged")
async def test_portions_in_use_are_not_fetched(
    bus: Bus, shared: JetStreamVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sweep looks at every portion of a store that may have gigabytes."""
    await made(shared)
    fetched, stored_message = list[str](), module.stored_message

    async def noted(bus: Bus, stream: str, which: dict[str, str]) -> module.StoredMessage | None:
        fetched.append(which["last_by_subj"])
        return await stored_message(bus, stream, which)

    monkeypatch.setattr(module, "stored_message", noted)
    assert await shared.sweep() == 0
    assert fetched == [module.meta_subject("LIBRARY", NAME)]


@pytest.mark.usefixtures("aged")
async def test_a_sweep_is_bounded(bus: Bus, shared: JetStreamVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SWEPT", 1)
    for number in range(2):
        await crashed(shared, f"{NAME}-{number}", monkeypatch)
    assert [await shared.sweep() for _ in range(3)] == [1, 1, 0]
    assert await bytes_kept(bus) == 0


async def test_tokens_are_added_by_all(
    bus: Bus, shared: JetStreamVectors, library: JetStreamLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By day and model, by instances at once; and they stay when no document has the vectors any more."""
    other = await JetStreamVectors.open(bus)
    await asyncio.gather(*[one.count("small", 7) for one in (shared, other) for _ in range(3)])
    await shared.count("large", 5)
    monkeypatch.setattr(module, "KEPT", -60.0)
    await other.tidy(set())
    found = await other.counted()
    tokens = {model: sum(one.tokens for one in found if one.model == model) for model in ("large", "small")}
    assert tokens == {"large": 5, "small": 42}
    assert await shared.counted(since=found[0].day) == found
    assert await shared.counted(since="2999-01-01") == []
    assert await library.objects() == []
    await other.close()


async def test_tokens_whose_answer_was_lost_are_added_once(
    bus: Bus, shared: JetStreamVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where another instance has added its own before the second try, so that the newest is not ours."""
    other, describe, tries = await JetStreamVectors.open(bus), shared._describe, 0

    async def overtaken(meta: module.ObjectMeta, expected: int) -> int | None:
        nonlocal tries
        tries += 1
        seq = await describe(meta, expected)
        await other.count("small", 100)
        return seq if tries > 1 else None

    monkeypatch.setattr(shared, "_describe", overtaken)
    await shared.count("small", 7)
    assert [one.tokens for one in await other.counted()] == [107]
    await other.close()


async def test_tokens_that_another_program_wrote(bus: Bus, shared: JetStreamVectors) -> None:
    """They count as none, and the next ones are counted."""
    await shared.count("small", 7)
    (one,) = await shared.counted()
    subject = module.meta_subject("LIBRARY", name_of_tokens(one.day, "small"))
    for body in (b"?", b'{"name":"","bucket":"","nuid":"","size":0,"chunks":0,"options":{"tokens":"many"}}'):
        await bus.jetstream().publish(subject, body, headers={"Nats-Rollup": "sub"})
        assert await shared.counted() == []
    await shared.count("small", 3)
    assert [one.tokens for one in await shared.counted()] == [3]


async def test_tokens_while_others_are_always_first(shared: JetStreamVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    async def late(*_: object) -> None:
        return None

    monkeypatch.setattr(shared, "_describe", late)
    with pytest.raises(LogUnavailable, match="at the same time"):
        await shared.count("small", 7)


async def test_what_a_newer_release_wrote_beside_tokens_stays(bus: Bus, shared: JetStreamVectors) -> None:
    await shared.count("small", 7)
    (one,) = await shared.counted()
    name = name_of_tokens(one.day, "small")
    stored = await shared._described(name)
    assert stored is not None
    meta = msgspec.json.decode(stored.raw().body, type=module.ObjectMeta)
    meta.options["of"] = {"questions": 3}
    await shared._describe(meta, stored.seq)
    await shared.count("small", 1)
    stored = await shared._described(name)
    assert stored is not None
    meta = msgspec.json.decode(stored.raw().body, type=module.ObjectMeta)
    assert (meta.options["tokens"], meta.options["of"]) == (8, {"questions": 3})
