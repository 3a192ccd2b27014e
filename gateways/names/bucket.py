"""The KV bucket ALIASES on the bus: the names of people, written by compare-and-set, and followed.

A key is `token(account).token(name)`, its value the canonical name as plain text. The layout is that of NATS KV:
https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-8.md
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from datetime import datetime
from secrets import token_hex
from typing import Any

import msgspec
import structlog

from events.jetstream.api import (
    STREAM_NOT_FOUND,
    ApiRefused,
    Done,
    StreamInfo,
    call,
    erase_message,
    once_led,
    once_made,
    stored_message,
)
from events.jetstream.connection import Bus
from events.jetstream.consumer import Delivered, Feed
from events.jetstream.fitting import make_fitting
from events.jetstream.publisher import Publisher
from events.log import LogUnavailable
from events.phrases import Phrase
from events.stores import ALIASES
from events.subjects import token, untoken

BUCKET = ALIASES
STREAM = f"KV_{BUCKET}"

MOST_BYTES = 256 * 1024**2
"""Bytes of the bucket, over a million names; fewer where the server has less room. When it is full, new people wait."""

_FEWEST_BYTES = 1024**2
_FORMER_MOST = 32 * 1024**2
_PREFIX = f"$KV.{BUCKET}."
_CAN_NOT_ERASE = "deny_delete"

JOINS = "Recado-Join"
"""A header: the name had a chat, and the orders to join it may not be in the log yet. Its value is the token of the
chat into which that one closes; `1`: that of the entry's value."""

JOINED = "Recado-Joined"
"""A header: the name had a chat, or others stood for it."""

_OURS, _KNOWN = "Recado-", frozenset({JOINS, JOINED})
_INTO = re.compile(rb"Recado-Join: *([^\r ]+)")
_DELETED, _OVER = b"KV-Operation", b"Nats-Marker-Reason"

log = structlog.get_logger("recado.names")


class Change(msgspec.Struct, frozen=True, gc=False):
    """An entry of the bucket, or its end.

    - `account`, `name`: as tokens of its subject.
    - `canonical`: the name that it stands for; empty: for none any more.
    - `joins`, `joined`: it has that header.
    - `into`: the chat into which the one of this name is to close; empty: `canonical`.
    """

    seq: int
    account: bytes
    name: bytes
    canonical: bytes
    joins: bool = False
    joined: bool = False
    into: str = ""


class Place(msgspec.Struct, frozen=True):
    """An entry of the bucket, which identifies the bucket and all that it had up to there.

    - `created`: the bucket's creation time.
    - `seq`: the entry's sequence.
    - `at`: the time of the entry.
    """

    created: datetime
    seq: int
    at: datetime


class _Made(msgspec.Struct, frozen=True):
    num_pending: int


class AliasBucket:
    """The bucket on `bus`. Every method raises LogUnavailable."""

    def __init__(self, bus: Bus, publisher: Publisher) -> None:
        self._bus = bus
        self._publisher = publisher
        self._feed: Feed | None = None

    @classmethod
    async def open(cls, bus: Bus, *, replicas: int = 1, makes: bool = False) -> AliasBucket:
        """The bucket. With `makes`, which only an instance passes, a missing one is made, with `replicas` replicas."""
        await once_led(bus, lambda: _ensure(bus, replicas, makes))
        return cls(bus, await Publisher.open(bus))

    async def close(self) -> None:
        await self._publisher.close()

    async def last(self, account: str) -> int:
        """The sequence of the account's last entry, as the bucket's leader has it; 0 if it has none."""
        stored = await stored_message(self._bus, STREAM, {"last_by_subj": f"{_PREFIX}{token(account)}.*"})
        return stored.seq if stored is not None else 0

    async def newest(self, account: str | None) -> Place | None:
        """The last entry of the account, or of all; None if there is none."""
        stored = await stored_message(self._bus, STREAM, {"last_by_subj": _all_of(account)})
        return Place(await self._created(), stored.seq, stored.time) if stored is not None else None

    async def holds(self, place: Place) -> bool:
        """True if this is the bucket in which that entry is."""
        if await self._created() != place.created:
            return False
        stored = await stored_message(self._bus, STREAM, {"seq": place.seq})
        return stored is not None and stored.time == place.at

    async def count(self, account: str | None) -> int:
        """The number of entries of the account, or of all."""
        name, subject = f"count-{token_hex(8)}", _all_of(account)
        config = {
            "name": name,
            "deliver_policy": "all",
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": 10**10,
            "filter_subject": subject,
        }
        request = f"CONSUMER.CREATE.{STREAM}.{name}.{subject}"
        try:
            made = await call(self._bus, request, _Made, {"stream_name": STREAM, "config": config})
            await call(self._bus, f"CONSUMER.DELETE.{STREAM}.{name}", Done)
        except ApiRefused as refused:
            raise LogUnavailable(refused.reason) from refused
        return made.num_pending

    async def gone(self) -> int:
        """The number of sequences that have no entry any more."""
        state = (await self._info()).state
        return state.last_seq - state.messages

    async def _created(self) -> datetime:
        return (await self._info()).created

    async def _info(self) -> StreamInfo:
        try:
            return await call(self._bus, f"STREAM.INFO.{STREAM}", StreamInfo)
        except ApiRefused as refused:
            raise LogUnavailable(refused.reason) from refused

    async def find(self, account: str, name: str) -> str | None:
        """The name that is written for this one, as the leader has it."""
        stored = await stored_message(self._bus, STREAM, {"last_by_subj": _subject(account, name)})
        raw = stored.raw() if stored is not None else None
        return raw.body.decode("utf-8", "replace") or None if raw is not None else None

    async def write(  # noqa: PLR0917
        self, account: str, name: str, canonical: str, expected: int, header: str = "", into: str = ""
    ) -> int | None:
        """Write that `name` stands for `canonical` if the account's last entry is at `expected`. Returns the sequence;
        None if there is a later entry.

        - `into`: the chat into which the one of this name is to close, if it is not `canonical`.
        """
        subject = _subject(account, name)
        headers = await self._newer(subject) | {
            "Nats-Expected-Last-Subject-Sequence": str(expected),
            "Nats-Expected-Last-Subject-Sequence-Subject": f"{_PREFIX}{token(account)}.*",
        }
        if header:
            headers[header] = token(into) if header == JOINS and into not in {"", canonical} else "1"
        ack = await self._publisher.publish(subject, canonical.encode(), headers)
        return None if ack.conflict else ack.seq

    async def _newer(self, subject: str) -> dict[str, str]:
        """The headers of an entry that only a newer release knows: the next one of its name keeps them."""
        stored = await stored_message(self._bus, STREAM, {"last_by_subj": subject})
        given = stored.raw().headers if stored is not None else {}
        return {name: value for name, value in given.items() if name.startswith(_OURS) and name not in _KNOWN}

    async def erase(self, account: str, name: str) -> None:
        """Take the entry off the disk, and tell everyone who follows. The mark that tells it is erased too: a key is a
        person's name."""
        subject = _subject(account, name)
        stored = await stored_message(self._bus, STREAM, {"last_by_subj": subject})
        if stored is not None:
            await self._erase(stored.seq, subject)
        mark = await self._publisher.publish(subject, b"", {"KV-Operation": "DEL"})
        await self._erase(mark.seq, subject)

    async def _erase(self, seq: int, subject: str) -> None:
        try:
            await erase_message(self._bus, STREAM, seq)
        except LogUnavailable:
            # A bucket that an older recado made forbids it for good; there the subject is purged.
            info = await call(self._bus, f"STREAM.INFO.{STREAM}", StreamInfo)
            if not info.config.get(_CAN_NOT_ERASE):
                raise
            await call(self._bus, f"STREAM.PURGE.{STREAM}", Done, {"filter": subject})

    async def follow(self, after: int, account: str | None = None) -> AsyncGenerator[tuple[list[Change], bool], None]:
        """The entries after sequence `after` of `account`, or of all, and then their changes. With each batch comes
        whether that is all that the bucket had at the beginning; the batch that ends there holds nothing later.

        Raises FeedBroken when the connection breaks: the caller begins again.
        """
        subject = _all_of(account)
        info = await self._info()
        try:
            newest = await stored_message(self._bus, STREAM, {"last_by_subj": subject})
            feed = self._feed = await Feed.open(self._bus, after + 1, subject, STREAM)
        except ApiRefused as refused:
            raise LogUnavailable(refused.reason) from refused
        there = newest.seq if newest is not None else 0
        unwatch = self._bus.watch(lambda standing: feed.break_off("the connection is back" if standing else "lost"))
        try:
            if there <= after or not info.state.messages:
                yield [], True
            while messages := await feed.take():
                changes = [_change(message) for message in messages]
                if changes[0].seq <= there < changes[-1].seq:
                    yield [change for change in changes if change.seq <= there], True
                    changes = [change for change in changes if change.seq > there]
                yield changes, changes[-1].seq >= there
        finally:
            self._feed = None
            unwatch()
            await feed.close()

    def break_off(self, reason: str) -> None:
        """Have `follow` raise FeedBroken, for this reason."""
        if self._feed is not None:
            self._feed.break_off(reason)


def _subject(account: str, name: str) -> str:
    return f"{_PREFIX}{token(account)}.{token(name)}"


def _all_of(account: str | None) -> str:
    return f"{_PREFIX}{token(account) if account is not None else '*'}.*"


def _change(message: Delivered) -> Change:
    tokens = message.reply.split(b".")
    seq = int(tokens[7] if len(tokens) > 9 else tokens[5])
    _kv, _bucket, account, name = message.subject.split(b".", 3)
    headers = message.headers
    if headers is None:
        return Change(seq, account, name, message.body)
    body = b"" if _DELETED in headers or _OVER in headers else message.body
    into = match[1] if (match := _INTO.search(headers)) else b"1"
    joins, joined = b"Recado-Join:" in headers, b"Recado-Joined:" in headers
    return Change(seq, account, name, body, joins, joined, "" if into == b"1" else text_of(into))


def text_of(name: bytes) -> str:
    """The name of a token."""
    return untoken(name.decode("utf-8", "replace"))


async def _ensure(bus: Bus, replicas: int, makes: bool) -> None:
    try:
        info = await _find(bus)
        if info is not None and makes:
            await _bound(bus, info)
        elif info is None and makes:
            await make_fitting(bus, shape(replicas, MOST_BYTES), _FEWEST_BYTES)
        elif info is None and await once_made(bus, STREAM) is None:
            raise LogUnavailable(
                Phrase(
                    "there is no bucket %(bucket)s on the bus: start an instance first, which makes it", bucket=BUCKET
                )
            )
    except ApiRefused as refused:
        raise LogUnavailable(
            Phrase("the bucket %(bucket)s cannot be had: %(refused)s", bucket=BUCKET, refused=refused)
        ) from refused


async def _find(bus: Bus) -> StreamInfo | None:
    try:
        return await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo)
    except ApiRefused as refused:
        if refused.fault.err_code == STREAM_NOT_FOUND:
            return None
        raise


def shape(replicas: int, room: int) -> dict[str, Any]:
    """The bucket's configuration: that of a KV bucket with a history of 1, but its messages may be erased."""
    return {
        "name": STREAM,
        "subjects": [f"{_PREFIX}>"],
        "storage": "file",
        "max_msgs_per_subject": 1,
        "max_bytes": room,
        "num_replicas": replicas,
        "discard": "new",
        "allow_direct": True,
        "allow_rollup_hdrs": True,
        "deny_delete": False,
        "duplicate_window": 120 * 10**9,
    }


async def _bound(bus: Bus, info: StreamInfo) -> None:
    """Limit a bucket that an older recado made without a limit, and widen one that has an older recado's. It serves
    with any."""
    limit = info.config.get("max_bytes", -1)
    if limit > 0 and limit != _FORMER_MOST:
        return
    room = MOST_BYTES if limit > 0 else max(MOST_BYTES, 2 * info.state.bytes)
    try:
        await call(bus, f"STREAM.UPDATE.{STREAM}", StreamInfo, info.config | {"max_bytes": room})
        log.info("aliases.bounded", max_bytes=room)
    except (ApiRefused, LogUnavailable) as error:
        help_ = f"let instances update {STREAM}: see deploy/nats/roles.conf"
        log.warning("aliases.not_bounded", reason=str(error), help=help_)
