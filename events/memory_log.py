"""The log in memory, for tests and experiments: the same promises as on JetStream, until the process ends."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime

from events import codec
from events.account_update import AccountUpdate
from events.decisions import TYPE_OF, Decision
from events.inbound import INBOUND, INBOUND_TYPE_OF, Inbound
from events.jetstream.dead_letters import CHAT_HEADER, letter_headers
from events.log import (
    EVERYTHING,
    Appended,
    EventTooLarge,
    Head,
    LogFull,
    LogUnavailable,
    RawMessage,
    WrongExpectedVersion,
)
from events.phrases import Phrase
from events.recorded import Recorded
from events.subjects import (
    ChatKey,
    anywhere_filter,
    by_account,
    chat_filter,
    dead_letter_subject,
    decision_subject,
    header_value,
    inbound_subject,
    parse_subject,
    partition,
    untoken,
)

BATCH = 1000
LARGEST = 1024 * 1024
_VERSION = str(codec.VERSION)


class MemoryLog:
    """EventLog in a list. `limit` bytes at most (0: no limit), `largest` bytes an event, stamps by `clock`."""

    def __init__(
        self,
        *,
        limit: int = 0,
        largest: int = LARGEST,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.dead_letters: list[RawMessage] = []
        self._notes: list[tuple[str, AccountUpdate]] = []
        self._limit = limit
        self._largest = largest
        self._clock = clock
        self._created = clock()
        self._size = 0
        self._stored: list[tuple[RawMessage, datetime]] = []
        self._by_id: dict[str, int] = {}
        self._last_decision: dict[ChatKey, int] = {}
        self._erased: set[int] = set()
        self._grown = asyncio.Event()
        self._closed = False

    async def append(
        self, key: ChatKey, decision: Decision, *, expected: int, msg_id: str, last: int | None = None
    ) -> Appended:
        msg_id = header_value(msg_id)
        body = self._fitting(codec.encode(decision))
        there = self._last_decision.get(key, 0)
        is_as_expected = there == expected if last is None else await self.last_of(key) == last
        if is_as_expected and msg_id not in self._by_id:
            subject = decision_subject(key, TYPE_OF[type(decision)])
            seq = self._store(subject, body, {"Nats-Msg-Id": msg_id, codec.VERSION_HEADER: _VERSION})
            self._last_decision[key] = seq
            return Appended(seq)
        if there and self._stored[there - 1][0].headers.get("Nats-Msg-Id") == msg_id:
            return Appended(there, duplicate=True)
        raise WrongExpectedVersion(key, expected, there)

    async def publish(self, key: ChatKey, event: Inbound, *, msg_id: str) -> Appended:
        subject = inbound_subject(key, INBOUND_TYPE_OF[type(event)])
        headers = {"Nats-Msg-Id": header_value(msg_id), codec.VERSION_HEADER: _VERSION}
        return self.put(subject, codec.encode(event), headers)

    def put(self, subject: str, body: bytes, headers: Mapping[str, str] | None = None) -> Appended:
        """Store any bytes under `wa.<type>.<account>.<chat>`, as an outsider's NATS client can."""
        _wa, type_, account, chat = subject.split(".")
        if type_ not in INBOUND:
            raise LogUnavailable(Phrase("no stream takes %(subject)s", subject=subject))
        known = self._by_id.get((headers or {}).get("Nats-Msg-Id", ""))
        if known is not None:
            return Appended(known, duplicate=True)
        key = ChatKey(untoken(account), untoken(chat))
        if not {account, chat} & {"*", ">"}:
            subject = f"evt.{partition(key)}.{account}.{chat}.i.{type_}"
        return Appended(self._store(subject, self._fitting(body), headers or {}))

    async def bury(
        self, account: str, body: bytes, *, reason: str, msg_id: str, chat: str | None = None, seq: int = 0
    ) -> None:
        headers = letter_headers(reason, msg_id, chat, seq)
        if all(letter.headers["Nats-Msg-Id"] != headers["Nats-Msg-Id"] for letter in self.dead_letters):
            number = len(self.dead_letters) + 1
            self.dead_letters.append(RawMessage(number, dead_letter_subject(account), headers, self._fitting(body)))

    async def note(self, account: str, update: AccountUpdate) -> None:
        if all((account, update.id) != (kept, one.id) for kept, one in self._notes):
            self._notes.append((account, update))

    async def notes(self, account: str | None = None) -> list[tuple[str, AccountUpdate]]:
        return [(kept, one) for kept, one in self._notes if account in (None, kept)]

    async def erase_letters(self, key: ChatKey) -> int:
        subject, chat = dead_letter_subject(key.account), header_value(key.chat)
        left = [one for one in self.dead_letters if (one.subject, one.headers.get(CHAT_HEADER)) != (subject, chat)]
        gone = len(self.dead_letters) - len(left)
        self.dead_letters = left
        return gone

    async def canonical_names(self, name: str) -> dict[str, str]:  # noqa: ARG002 - there is no bucket
        return {}

    async def last_decision(self, key: ChatKey, type_: str = "*") -> Recorded | None:
        seq = self._last_decision.get(key)
        if type_ != "*":
            seq = max((seq for seq in self._of(key) if self._recorded(seq).type == type_), default=None)
        return self._recorded(seq) if seq is not None else None

    async def last_of(self, key: ChatKey) -> int:
        return max(self._of(key), default=0)

    async def known(self, chat: str) -> dict[str, dict[str, int]]:
        wanted = anywhere_filter(chat).split(".")
        there = (raw.subject for raw, _ in self._stored if raw.seq not in self._erased)
        return by_account(Counter(subject for subject in there if _matches(subject.split("."), wanted)))

    async def chats_with(self, type_: str) -> list[ChatKey]:
        wanted = f"evt.*.*.*.o.{type_}".split(".")
        there = {raw.subject for raw, _ in self._stored if raw.seq not in self._erased}
        return [parse_subject(subject).key for subject in sorted(there) if _matches(subject.split("."), wanted)]

    async def of_chat(self, key: ChatKey, before: int) -> AsyncGenerator[Recorded, None]:
        for seq in self._of(key):
            if seq < before:
                yield self._recorded(seq)

    async def erase(self, seq: int) -> None:
        raw = await self.read(seq)
        if raw is not None:
            self._erased.add(seq)
            self._size -= len(raw.body)
            _, at = self._stored[seq - 1]
            self._stored[seq - 1] = RawMessage(seq, raw.subject, {}, b""), at

    async def read(self, seq: int) -> RawMessage | None:
        return self._stored[seq - 1][0] if 0 < seq <= len(self._stored) and seq not in self._erased else None

    async def mark(self, reads: int) -> None: ...

    async def head(self) -> Head:
        count = len(self._stored)
        return Head(
            created=self._created,
            now=self._clock(),
            first=min(count, 1),
            last=count,
            size=self._size,
            limit=self._limit,
        )

    async def tail(self, after: int, subject: str = EVERYTHING) -> AsyncGenerator[list[Recorded], None]:
        wanted = ["*", ">"] if subject == EVERYTHING else subject.split(".")
        while not self._closed:
            until = min(after + BATCH, len(self._stored))
            batch = [
                self._recorded(seq)
                for seq in range(after + 1, until + 1)
                if seq not in self._erased and _matches(self._stored[seq - 1][0].subject.split("."), wanted)
            ]
            after = max(after, until)
            if batch:
                yield batch
            elif after >= len(self._stored):
                await self._grown.wait()

    async def close(self) -> None:
        self._closed = True
        self._grown.set()

    def _of(self, key: ChatKey) -> list[int]:
        wanted = chat_filter(key).split(".")
        there = (raw for raw, _ in self._stored if raw.seq not in self._erased)
        return [raw.seq for raw in there if _matches(raw.subject.split("."), wanted)]

    def _recorded(self, seq: int) -> Recorded:
        raw, at = self._stored[seq - 1]
        return codec.read(seq, raw.subject, at, raw.headers, raw.body)

    def _fitting(self, body: bytes) -> bytes:
        if len(body) > self._largest:
            raise EventTooLarge(len(body), self._largest)
        return body

    def _store(self, subject: str, body: bytes, headers: Mapping[str, str]) -> int:
        if self._limit and self._size + len(body) > self._limit:
            raise LogFull(Phrase("the log is full: maximum bytes exceeded"))
        seq = len(self._stored) + 1
        self._stored.append((RawMessage(seq, subject, dict(headers), body), self._clock()))
        self._size += len(body)
        msg_id = headers.get("Nats-Msg-Id")
        if msg_id:
            self._by_id[msg_id] = seq
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()
        return seq


def _matches(tokens: list[str], wanted: list[str]) -> bool:
    """True if a subject matches a filter, both split at the dots (`*` one token, `>` the rest)."""
    if wanted[-1] == ">":
        tokens, wanted = tokens[: len(wanted) - 1], wanted[:-1]
    return len(tokens) == len(wanted) and all(want in ("*", token) for token, want in zip(tokens, wanted, strict=True))
