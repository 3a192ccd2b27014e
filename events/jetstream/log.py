"""The log on NATS JetStream."""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from events import codec
from events.account_update import AccountUpdate, encoded
from events.decisions import TYPE_OF, Decision
from events.inbound import INBOUND_TYPE_OF, Inbound
from events.jetstream.account_updates import stored_updates
from events.jetstream.aliases import canonical_names
from events.jetstream.api import ApiRefused, StoredMessage, StreamInfo, call, erase_message, stored_message
from events.jetstream.connection import Bus
from events.jetstream.dead_letters import letter_headers, stored_letters
from events.jetstream.publisher import Publisher
from events.jetstream.streams import DLQ, EVENTS, ensure_streams, existing_streams, mark_reads
from events.jetstream.tail import Tail
from events.log import EVERYTHING, Appended, Head, LogUnavailable, RawMessage, WrongExpectedVersion
from events.recorded import Recorded
from events.subjects import (
    ChatKey,
    account_subject,
    anywhere_filter,
    by_account,
    chat_filter,
    dead_letter_subject,
    decision_subject,
    decisions_filter,
    header_value,
    inbound_subject,
    parse_subject,
)

_VERSION = str(codec.VERSION)


class JetStreamLog:
    """EventLog on the streams EVENTS and DLQ of a bus. Many logs may share one connection."""

    def __init__(self, bus: Bus, publisher: Publisher, replicas: int) -> None:
        self.replicas = replicas
        """Servers that keep the log."""
        self._bus = bus
        self._publisher = publisher
        self._marked = 1
        self._tails: weakref.WeakSet[Tail] = weakref.WeakSet()

    @classmethod
    async def open(cls, bus: Bus, *, max_bytes: int | None = None) -> JetStreamLog:
        """The log on `bus`; makes its streams where they are missing. Raises LogMismatch, LogUnavailable."""
        info = await ensure_streams(bus, max_bytes=max_bytes)
        return cls(bus, await Publisher.open(bus), info.config["num_replicas"])

    @classmethod
    async def join(cls, bus: Bus) -> JetStreamLog:
        """The log that an instance has made on `bus`, for gateways, which make and change no stream. Raises
        LogMismatch, LogUnavailable."""
        info = await existing_streams(bus)
        return cls(bus, await Publisher.open(bus), info.config["num_replicas"])

    @classmethod
    async def attach(cls, bus: Bus) -> JetStreamLog:
        """The log on `bus` in any state, also during a restore. Raises ApiRefused, LogUnavailable."""
        info = await call(bus, f"STREAM.INFO.{EVENTS}", StreamInfo)
        return cls(bus, await Publisher.open(bus), info.config["num_replicas"])

    async def append(
        self, key: ChatKey, decision: Decision, *, expected: int, msg_id: str, last: int | None = None
    ) -> Appended:
        msg_id = header_value(msg_id)
        at, where = (expected, decisions_filter(key)) if last is None else (last, chat_filter(key))
        ack = await self._publisher.publish(
            decision_subject(key, TYPE_OF[type(decision)]),
            codec.encode(decision),
            {
                "Nats-Msg-Id": msg_id,
                codec.VERSION_HEADER: _VERSION,
                "Nats-Expected-Last-Subject-Sequence": str(at),
                "Nats-Expected-Last-Subject-Sequence-Subject": where,
            },
        )
        if not ack.conflict and not ack.duplicate:
            return Appended(ack.seq)
        # Either another actor has decided, or an earlier try of this append arrived.
        there = await self.last_decision(key)
        if there is not None and there.msg_id == msg_id:
            return Appended(there.seq, duplicate=True)
        raise WrongExpectedVersion(key, expected, there.seq if there is not None else 0)

    async def publish(self, key: ChatKey, event: Inbound, *, msg_id: str) -> Appended:
        ack = await self._publisher.publish(
            inbound_subject(key, INBOUND_TYPE_OF[type(event)]),
            codec.encode(event),
            {"Nats-Msg-Id": header_value(msg_id), codec.VERSION_HEADER: _VERSION},
        )
        return Appended(ack.seq, ack.duplicate)

    async def bury(
        self, account: str, body: bytes, *, reason: str, msg_id: str, chat: str | None = None, seq: int = 0
    ) -> None:
        headers = letter_headers(reason, msg_id, chat, seq)
        await self._publisher.publish(dead_letter_subject(account), body, headers)

    async def note(self, account: str, update: AccountUpdate) -> None:
        headers = {"Nats-Msg-Id": header_value(f"{account}:{update.id}")}
        await self._publisher.publish(account_subject(account), encoded(update), headers)

    async def notes(self, account: str | None = None) -> list[tuple[str, AccountUpdate]]:
        return [one async for one in stored_updates(self._bus, account)]

    async def erase_letters(self, key: ChatKey) -> int:
        gone = 0
        async for letter in stored_letters(self._bus, key.account):
            if letter.chat == key.chat:
                await erase_message(self._bus, DLQ, letter.id)
                gone += 1
        return gone

    async def canonical_names(self, name: str) -> dict[str, str]:
        return await canonical_names(self._bus, name)

    async def last_decision(self, key: ChatKey, type_: str = "*") -> Recorded | None:
        # The leader answers STREAM.MSG.GET; a replica that lags may answer a direct get.
        subject = decisions_filter(key) if type_ == "*" else decision_subject(key, type_)
        stored = await stored_message(self._bus, EVENTS, {"last_by_subj": subject})
        return _recorded(stored) if stored is not None else None

    async def last_of(self, key: ChatKey) -> int:
        stored = await stored_message(self._bus, EVENTS, {"last_by_subj": chat_filter(key)})
        return stored.seq if stored is not None else 0

    async def known(self, chat: str) -> dict[str, dict[str, int]]:
        # The server looks in its index of subjects: 1 ms among 500,000 (docs/decisions/0130).
        info = await self._info({"subjects_filter": anywhere_filter(chat)})
        return by_account(info.state.subjects)

    async def chats_with(self, type_: str) -> list[ChatKey]:
        found: list[ChatKey] = []
        while True:  # the server lists 100,000 subjects at a time
            info = await self._info({"subjects_filter": f"evt.*.*.*.o.{type_}", "offset": len(found)})
            found += [parse_subject(subject).key for subject in info.state.subjects]
            if not info.state.subjects or len(found) >= info.total:
                return found

    async def of_chat(self, key: ChatKey, before: int) -> AsyncGenerator[Recorded, None]:
        seq = 1
        while True:
            stored = await stored_message(self._bus, EVENTS, {"seq": seq, "next_by_subj": chat_filter(key)})
            if stored is None or stored.seq >= before:
                return
            yield _recorded(stored)
            seq = stored.seq + 1

    async def erase(self, seq: int) -> None:
        await erase_message(self._bus, EVENTS, seq)

    async def read(self, seq: int) -> RawMessage | None:
        if seq < 1:
            return None
        stored = await stored_message(self._bus, EVENTS, {"seq": seq})
        return stored.raw() if stored is not None else None

    async def mark(self, reads: int) -> None:
        if self._marked < reads:
            await mark_reads(self._bus, reads)
            self._marked = reads

    async def head(self) -> Head:
        info = await self._info()
        return Head(
            created=info.created,
            now=info.ts,
            first=info.state.first_seq,
            last=info.state.last_seq,
            size=info.state.bytes,
            limit=max(info.config["max_bytes"], 0),
        )

    async def _info(self, body: dict[str, Any] | None = None) -> StreamInfo:
        try:
            return await call(self._bus, f"STREAM.INFO.{EVENTS}", StreamInfo, body)
        except ApiRefused as refused:
            raise LogUnavailable(refused.reason) from refused

    async def tail(self, after: int, subject: str = EVERYTHING) -> AsyncGenerator[list[Recorded], None]:
        tail = Tail(self._bus, after, subject)
        self._tails.add(tail)
        async with aclosing(tail.batches()) as batches:
            async for batch in batches:
                yield batch

    async def close(self) -> None:
        for tail in list(self._tails):
            tail.end()
        await self._publisher.close()


def _recorded(stored: StoredMessage) -> Recorded:
    raw = stored.raw()
    return codec.read(raw.seq, raw.subject, stored.time, raw.headers, raw.body)
