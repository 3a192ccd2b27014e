"""The bucket of users: written by compare-and-set on all of it, followed, and read whatever it holds. The one in memory
keeps the same rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from events.jetstream.api import StreamInfo, call
from events.jetstream.connection import Bus
from events.jetstream.users import STREAM, JetStreamUsers
from events.log import LogMismatch
from events.memory_users import MemoryUsers
from events.stores import STORES
from events.subjects import token
from events.users import LARGEST, MOST_ACCOUNTS, StoredUser, UserBook, UsersChanged, encoded, name_of, stored_in

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
HASH = "$argon2id$v=19$m=65536,t=3,p=4$MRF5c3COcjmw++ISrrUPJw$kvJ5qWgkgEi5h9/fDPALynF2jE9cjexjMcjrOM7333k"


def user(name: str, **fields: Any) -> StoredUser:
    return StoredUser(
        **{"name": name, "role": "agent", "password": HASH, "logins": "0" * 16, "at": AT, "by": "me"} | fields
    )


@pytest.fixture(params=["memory", "jetstream"])
async def book(request: pytest.FixtureRequest) -> AsyncIterator[UserBook]:
    if request.param == "memory":
        yield MemoryUsers()
        return
    bus = await Bus.open(request.getfixturevalue("nats_server").url)
    found = await JetStreamUsers.open(bus, replicas=1)
    yield found
    await found.close()
    await bus.close()


async def put(book: UserBook, name: str, body: bytes) -> None:
    """Store bytes under a name, as another program may."""
    if isinstance(book, MemoryUsers):
        await book.store(name, body)
    else:
        assert isinstance(book, JetStreamUsers)
        await book._bus.jetstream().publish(f"$KV.USERS.{token(name)}", body)


async def test_users_are_written_changed_and_removed(book: UserBook) -> None:
    """Each write tells the new sequence, and who removed a user stays known."""
    assert not await book.look()
    first = await book.write(user("ana", role="owner"), expected=0)
    second = await book.write(user("tom@example.org", accounts=("shop",)), expected=first)
    assert (await book.look()).seq == second
    third = await book.write(user("ana", role="owner", by="tom"), expected=second)
    await book.remove("tom@example.org", "ana", expected=third)
    stored = await book.look()
    assert stored.users == {"ana": user("ana", role="owner", by="tom")}
    assert stored.removed["tom@example.org"].by == "ana"
    assert stored.owners == {"ana"}


async def test_a_write_sees_all_users(book: UserBook) -> None:
    """Two owners cannot remove each other at the same moment: a write that did not see the other is refused."""
    seq = await book.write(user("ana", role="owner"), expected=0)
    seq = await book.write(user("tom", role="owner"), expected=seq)
    await book.remove("ana", "tom", expected=seq)
    with pytest.raises(UsersChanged):
        await book.remove("tom", "ana", expected=seq)
    with pytest.raises(UsersChanged):
        await book.write(user("bia"), expected=0)
    assert set((await book.look()).users) == {"tom"}


async def test_of_many_at_once_one_is_stored(book: UserBook) -> None:
    """The others are told."""
    done = await asyncio.gather(*(book.write(user(f"u{n}"), expected=0) for n in range(20)), return_exceptions=True)
    assert sum(isinstance(one, int) for one in done) == 1
    assert sum(isinstance(one, UsersChanged) for one in done) == 19
    assert len((await book.look()).users) == 1


async def test_it_is_followed(book: UserBook) -> None:
    """From what there is, over each change."""
    async with aclosing(book.follow()) as changes, asyncio.timeout(60):
        assert not await anext(changes)
        seq = await book.write(user("ana"), expected=0)
        assert (await anext(changes)).users == {"ana": user("ana")}
        await book.remove("ana", "tom", expected=seq)
        stored = await anext(changes)
        assert (stored.users, stored.removed["ana"].by) == ({}, "tom")


GOLDEN = (
    b'{"name":"ana","role":"agent","accounts":["shop"],"password":"' + HASH.encode() + b'",'
    b'"logins":"0000000000000000","at":"2026-11-29T12:00:00Z","by":"me"'
)
"""An entry as it is stored, without its end. These bytes are read for ever."""

NEWER = b',"more":{"a":[1,{}]},"second factor":"\\u00fc","largest":123456789012345678901234567890,"none":null'


def test_the_bytes_of_a_user() -> None:
    ana = user("ana", accounts=("shop",))
    assert encoded(ana) == GOLDEN + b"}"
    assert stored_in(1, {"ana": GOLDEN + b"}"}).users["ana"] == ana


async def test_fields_of_a_newer_release_outlast_a_change(book: UserBook) -> None:
    """They stay as they were, byte for byte."""
    await put(book, "ana", GOLDEN + NEWER + b"}")
    stored = await book.look()
    ana = stored.users["ana"]
    assert (ana.accounts, ana.password) == (("shop",), HASH)
    await book.write(msgspec.structs.replace(ana, role="viewer"), expected=stored.seq)
    changed = (await book.look()).users["ana"]
    assert changed == msgspec.structs.replace(ana, role="viewer")
    assert encoded(changed) == (GOLDEN + NEWER + b"}").replace(b'"agent"', b'"viewer"')


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"name":"ana"}',
        b'{"name":"ana","role":"king","logins":"0000000000000000","at":"2026-11-29T12:00:00Z","by":"x"}',
        b'{"name":"tom","role":"agent","logins":"0000000000000000","at":"2026-11-29T12:00:00Z","by":"x"}',
        b'{"name":"ana","role":"owner","accounts":["a"],"logins":"0000000000000000","at":"2026-11-29T12:00:00Z","by":""}',
        b'{"name":"ana","role":"agent","accounts":[],"logins":"0000000000000000","at":"2026-11-29T12:00:00Z","by":""}',
        b'{"name":"ana","role":"agent","password":"plain","logins":"0000000000000000","at":"2026-11-29T12:00:00Z","by":""}',
        b'{"name":"ana","role":"agent","logins":"","at":"2026-11-29T12:00:00Z","by":""}',
        b"[" * 20_000,
    ],
)
async def test_what_cannot_be_read_is_nobody_and_leaves_no_door_open(body: bytes) -> None:
    """No such user can log in, and the page does not count as one without users."""
    book = MemoryUsers()
    await book.store("ana", body)
    stored = await book.look()
    assert stored
    assert (stored.users, stored.unread) == ({}, {"ana"})


async def test_a_removal_by_another_program(book: UserBook) -> None:
    """`nats kv del` writes nothing."""
    await put(book, "ana", msgspec.json.encode(user("ana")))
    assert set((await book.look()).users) == {"ana"}
    await put(book, "ana", b"")
    assert not await book.look()


async def test_the_bucket_is_bounded_and_made_by_instances(bus: Bus) -> None:
    """A command makes none; it keeps its size when an instance starts again."""
    book = await JetStreamUsers.open(bus)
    with pytest.raises(LogMismatch, match="start an instance"):
        await book.look()
    await JetStreamUsers.open(bus, replicas=1)
    config = (await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo)).config
    assert all(config[field] > 0 for field in STORES[STREAM].bounds)
    await call(bus, f"STREAM.UPDATE.{STREAM}", StreamInfo, config | {"max_bytes": 2 * config["max_bytes"]})
    await JetStreamUsers.open(bus, replicas=1)
    assert (await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo)).config["max_bytes"] == 2 * config["max_bytes"]


async def test_the_largest_user_fits(bus: Bus) -> None:
    """The most accounts, each of the longest name."""
    book = await JetStreamUsers.open(bus, replicas=1)
    accounts = tuple(f"{number:0>256}" for number in range(MOST_ACCOUNTS))
    one = user("a" * 64, accounts=accounts, by="ü" * 256)
    assert len(msgspec.json.encode(one)) < LARGEST
    await book.write(one, expected=0)
    assert (await book.look()).users[one.name] == one
    await book.close()


@pytest.mark.parametrize(("given", "name"), [("ana", "ana"), (" Ana ", "ana"), ("ANA@Example.org", "ana@example.org")])
def test_names_in_any_case(given: str, name: str) -> None:
    """Case and blanks around a name make no difference."""
    assert name_of(given) == name


LOOK_ALIKES = [
    *("jo\xe3o", "\u0430na", "ana\u200b", "\uff41na", "\u0130na", "an\u212a"),
    *("", " ", "-ana", ".", "ana\n", "a b", "ana\0", "a" * 65, "a" * 10_000),
]


@pytest.mark.parametrize("given", LOOK_ALIKES, ids=range(len(LOOK_ALIKES)))
def test_no_name_looks_like_another(given: str) -> None:
    """Letters of other scripts, signs that nobody sees, and what becomes a plain letter in small."""
    assert name_of(given) is None
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(msgspec.to_builtins(user("ana")) | {"name": given}, StoredUser)
