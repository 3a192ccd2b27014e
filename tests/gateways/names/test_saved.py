"""The file of names: a start reads only what the bucket has had since, and trusts nothing that may be old."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from nats.js.api import KeyValueConfig

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from gateways.names import followed
from gateways.names.bucket import BUCKET, STREAM, AliasBucket, Change
from gateways.names.known import Known
from gateways.names.saved import NamesFile
from tests.gateways.names.given import following
from tests.waiting import until

ANA, BEN = "12025550143@s.whatsapp.net", "12025550144@s.whatsapp.net"
OTHERS = {"99887766@lid": ANA, "US.1349@bsuid": ANA, "55443322@lid": BEN}


@pytest.fixture
def began(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sequences after which the bucket is followed, in the order of the starts."""
    found: list[int] = []
    follow = AliasBucket.follow

    def noted(
        self: AliasBucket, after: int, account: str | None = None
    ) -> AsyncGenerator[tuple[list[Change], bool], None]:
        found.append(after)
        return follow(self, after, account)

    monkeypatch.setattr(AliasBucket, "follow", noted)
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "names-me.bin"


async def _saved(bus: Bus, log: JetStreamLog, path: Path, account: str | None = "me") -> None:
    """A bucket with the names of Ana and Ben, and a file that has them."""
    async with following(bus, log) as names:
        for name, chat in OTHERS.items():
            await names.person("me", (chat, name))
    async with following(bus, log, account, file=NamesFile(path)):
        await until(path.exists)


@pytest.mark.parametrize("account", ["me", None])
async def test_a_start_reads_what_is_new(
    bus: Bus, jetstream_log: JetStreamLog, path: Path, began: list[int], account: str | None
) -> None:
    await _saved(bus, jetstream_log, path, account)
    async with following(bus, jetstream_log) as other:
        await other.person("me", (BEN, "US.7@bsuid"))
    began.clear()
    async with following(bus, jetstream_log, account, file=NamesFile(path)) as names:
        assert began == [len(OTHERS)]
        for name, chat in {**OTHERS, "US.7@bsuid": BEN}.items():
            assert names.canonical("me", name) == chat
        assert set(names.family("me", BEN)) == {BEN, "55443322@lid", "US.7@bsuid"}


async def test_a_name_that_changed_while_away(
    bus: Bus, jetstream_log: JetStreamLog, path: Path, began: list[int]
) -> None:
    """Two people prove to be one: names of the file stand for another one now."""
    await _saved(bus, jetstream_log, path)
    async with following(bus, jetstream_log) as other:
        chat = (await other.person("me", (ANA, BEN))).chat
    began.clear()
    async with following(bus, jetstream_log, file=NamesFile(path)) as names:
        assert began == [len(OTHERS)]
        assert {names.canonical("me", name) for name in (ANA, BEN, *OTHERS)} == {chat}


async def test_erased_while_away(bus: Bus, jetstream_log: JetStreamLog, path: Path, began: list[int]) -> None:
    """The bucket itself tells nothing of it any more, also where as many names came as went."""
    await _saved(bus, jetstream_log, path)
    async with following(bus, jetstream_log) as other:
        await other.erase("me", ("99887766@lid",))
        await other.person("me", (BEN, "US.7@bsuid"))
    assert b"99887766" in path.read_bytes()
    began.clear()
    async with following(bus, jetstream_log, file=NamesFile(path)) as names:
        assert began == [len(OTHERS), 0]
        assert names.canonical("me", "99887766@lid") == "99887766@lid"
        assert names.canonical("me", "US.7@bsuid") == BEN
        await until(lambda: path.exists() and b"99887766" not in path.read_bytes())


async def test_an_erased_name_leaves_the_file_at_once(bus: Bus, jetstream_log: JetStreamLog, path: Path) -> None:
    await _saved(bus, jetstream_log, path)
    async with following(bus, jetstream_log, file=NamesFile(path)) as names, following(bus, jetstream_log) as other:
        await other.erase("me", ("99887766@lid",))
        await until(lambda: names.canonical("me", "99887766@lid") == "99887766@lid")
        assert not path.exists()


async def test_the_file_comes_again_without_the_name(
    bus: Bus, jetstream_log: JetStreamLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where one name of many was erased just after the file was written."""
    monkeypatch.setattr(followed, "_SAVE_EVERY", 0.05)
    monkeypatch.setattr(followed, "_MOST_UNSAVED", 1.0)
    await _saved(bus, jetstream_log, path)
    path.unlink()
    async with following(bus, jetstream_log, file=NamesFile(path)) as names:
        await until(path.exists)
        await names.erase("me", ("99887766@lid",))
        await until(lambda: path.exists() and b"99887766" not in path.read_bytes())


async def test_an_erasure_whose_mark_nobody_read(
    bus: Bus, jetstream_log: JetStreamLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the mark may be gone before a process that runs has read it. Names of another account come meanwhile."""
    monkeypatch.setattr(followed, "_COMPARE_EVERY", 0.05)
    await _saved(bus, jetstream_log, path)
    async with (
        following(bus, jetstream_log, file=NamesFile(path)) as names,
        following(bus, jetstream_log, None) as all_of_them,
        following(bus, jetstream_log, "else") as other,
    ):
        await other.person("else", (BEN, "US.7@bsuid"))
        await bus.jetstream().delete_msg(STREAM, 1)
        for each in (names, all_of_them):
            await until(lambda each=each: each.canonical("me", "99887766@lid") == "99887766@lid")  # type: ignore[misc]
            await until(each.ready.is_set)
            assert each.canonical("me", "55443322@lid") == BEN
        assert other.canonical("else", "US.7@bsuid") == BEN


def _torn(body: bytes) -> bytes:
    return body[: random.randrange(len(body))]


def _another_byte(body: bytes) -> bytes:
    at = random.randrange(len(body))
    return body[:at] + bytes([body[at] ^ 1 << random.randrange(8)]) + body[at + 1 :]


def _empty(_: bytes) -> bytes:
    return b""


def _zeros(body: bytes) -> bytes:
    return bytes(len(body))


def _twice(body: bytes) -> bytes:
    return body + body


@pytest.mark.parametrize("damage", [_torn, _another_byte, _empty, _zeros, _twice])
async def test_a_damaged_file(
    bus: Bus, jetstream_log: JetStreamLog, path: Path, damage: Callable[[bytes], bytes]
) -> None:
    """Whatever became of the file, the names are right."""
    await _saved(bus, jetstream_log, path)
    whole = path.read_bytes()
    for _ in range(8):
        path.write_bytes(damage(whole))
        async with following(bus, jetstream_log, file=NamesFile(path)) as names:
            assert {name: names.canonical("me", name) for name in OTHERS} == OTHERS


async def test_every_torn_file_and_every_changed_byte_is_known(
    bus: Bus, jetstream_log: JetStreamLog, path: Path
) -> None:
    await _saved(bus, jetstream_log, path)
    whole = path.read_bytes()
    trailer = NamesFile(path).trailer()
    assert trailer is not None
    for body in (whole[:length] for length in range(len(whole))):
        path.write_bytes(body)
        assert NamesFile(path).trailer() is None
        assert not path.exists()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        found = NamesFile(path).trailer()
        assert found is None or await NamesFile(path).load(found) is None


async def test_another_bucket(bus: Bus, jetstream_log: JetStreamLog, path: Path, began: list[int]) -> None:
    """Of the same name, with as many names under the same sequences."""
    await _saved(bus, jetstream_log, path)
    await bus.jetstream().delete_stream(STREAM)
    async with following(bus, jetstream_log) as other:
        for name, chat in OTHERS.items():
            await other.person("me", ("1" + chat, "1" + name))
    began.clear()
    async with following(bus, jetstream_log, file=NamesFile(path)) as names:
        assert began == [0]
        assert names.canonical("me", "99887766@lid") == "99887766@lid"
        assert names.canonical("me", "199887766@lid") == "1" + ANA


async def test_a_bucket_that_lost_its_last_names(
    bus: Bus, jetstream_log: JetStreamLog, path: Path, began: list[int]
) -> None:
    """As after a power cut: another entry has the sequence now, or none."""
    await _saved(bus, jetstream_log, path)
    await bus.jetstream().delete_msg(STREAM, len(OTHERS))
    began.clear()
    async with following(bus, jetstream_log, file=NamesFile(path)) as names:
        assert began == [0]
        assert names.canonical("me", "55443322@lid") == "55443322@lid"


async def test_a_bucket_of_an_older_release(
    bus: Bus, jetstream_log: JetStreamLog, path: Path, began: list[int]
) -> None:
    """Names for themselves and keys that are no names count, too: the file is used all the same."""
    bucket = await bus.jetstream().create_key_value(KeyValueConfig(bucket=BUCKET))
    for key, value in {"99887766=40lid": b"99887766@lid", "odd": b"\xff", "5=40lid": ANA.encode()}.items():
        await bucket.put(f"me.{key}", value)
    for starts in ([0], [3]):
        began.clear()
        async with following(bus, jetstream_log, file=NamesFile(path)) as names:
            assert began == starts
            assert names.canonical("me", "5@lid") == ANA
            await until(path.exists)


async def test_a_join_that_is_not_ordered(bus: Bus, jetstream_log: JetStreamLog, path: Path) -> None:
    """An instance that starts with the file gives the order that a gateway asked for."""
    await _saved(bus, jetstream_log, path)
    bucket = await AliasBucket.open(bus)
    assert await bucket.write("me", BEN, ANA, await bucket.last("me"), "Recado-Join")
    async with following(bus, jetstream_log, joins=False, file=NamesFile(path)) as names:
        assert names.at_once("me", (BEN,)) is None
        path.unlink()
    async with following(bus, jetstream_log, joins=False, file=NamesFile(path)):
        await until(path.exists)
    async with following(bus, jetstream_log, joins=False, file=NamesFile(path)) as names:
        assert names.at_once("me", (BEN,)) is None
    async with following(bus, jetstream_log, file=NamesFile(path)) as names:
        await until(lambda: names.at_once("me", (BEN,)) is not None)
    await bucket.close()


def test_names_come_back_as_they_were() -> None:
    """Through many strings and a table that grows meanwhile."""
    known, again = Known(), Known()
    people = {f"{n}@lid": f"{n // 3}@s.whatsapp.net" for n in range(20_000)}
    for name, chat in people.items():
        known.put(name, chat)
    for part in known.parts():
        again.fill(part)
    assert len(again) == len(people)
    assert {name: again.canonical(name) for name in people} == people
    assert set(again.family("7@lid")) == {"2@s.whatsapp.net", "6@lid", "7@lid", "8@lid"}
    again.remove("7@lid")
    assert again.canonical("7@lid") == "7@lid"
    for wrong in (b"x", b"\n1\r", b"x\0y\r"):
        with pytest.raises(ValueError, match="packed"):
            again.fill(wrong)
