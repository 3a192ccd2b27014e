"""The smallest client of the log: publishes without a check, and fills two tables without a rule.

recado's appends and its rebuild are compared with it in the same run.
"""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import msgspec
import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from pysqlite3 import dbapi2 as sqlite3

from events.jetstream.streams import EVENTS

STREAM = "RAW"
BATCH = 10_000
_HISTORY = "CREATE TABLE history (chat TEXT, seq INTEGER, id TEXT, author TEXT, text TEXT, PRIMARY KEY (chat, seq))"
_THREADS = "CREATE TABLE threads (chat TEXT PRIMARY KEY, thread TEXT) WITHOUT ROWID"


class _Line(msgspec.Struct):
    """The fields of a message or a reply that are kept; `thread` is set in events that create a thread."""

    id: str = ""
    text: str | None = None
    thread: str | None = None


class _Ack(msgspec.Struct):
    seq: int


_lines = msgspec.json.Decoder(_Line)
_acks = msgspec.json.Decoder(_Ack)


class Publisher:
    """Publishes with an acknowledgement each, and one inbox for all of them."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection
        self._inbox = connection.new_inbox()
        self._numbers = itertools.count()
        self._waiting: dict[str, asyncio.Future[int]] = {}

    @classmethod
    async def open(cls, url: str) -> Publisher:
        self = cls(await nats.connect(url))
        await self._connection.jetstream().add_stream(name=STREAM, subjects=["raw.*"])
        await self._connection.subscribe(f"{self._inbox}.*", cb=self._on_ack)
        return self

    async def publish(self, subject: str, body: bytes) -> int:
        """Store `body`; returns its sequence."""
        reply = f"{self._inbox}.{next(self._numbers)}"
        answer = self._waiting[reply] = asyncio.get_running_loop().create_future()
        await self._connection.publish(subject, body, reply=reply)
        return await answer

    async def close(self) -> None:
        await self._connection.close()

    async def _on_ack(self, message: Msg) -> None:
        self._waiting.pop(message.subject).set_result(_acks.decode(message.data).seq)


async def fill(url: str, file: Path, events: int) -> None:
    """Read `events` events of the log into history, thread map and checkpoint, with a transaction for each 10,000."""
    db = sqlite3.connect(str(file), isolation_level=None)
    for statement in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", _HISTORY, _THREADS):
        db.execute(statement)
    db.execute("CREATE TABLE checkpoint (seq INTEGER)")
    connection = await nats.connect(url)
    try:
        subscription = await connection.jetstream().subscribe("", stream=EVENTS, ordered_consumer=True)
        pending: list[Msg] = []
        read = 0
        async for message in subscription.messages:
            pending.append(message)
            read += 1
            if len(pending) == BATCH or read == events:
                _write(db, pending, read)
                pending = []
            if read == events:
                return
    finally:
        await connection.close()
        db.close()


def _write(db: Any, messages: list[Msg], read: int) -> None:
    history, threads = [], []
    for number, message in enumerate(messages, read - len(messages) + 1):
        line, subject = _lines.decode(message.data), message.subject.split(".")
        if line.thread is not None and line.text is None:
            threads.append((subject[3], line.thread))
        elif line.text is not None:
            history.append((subject[3], number, line.id, subject[0], line.text))
    db.execute("BEGIN")
    db.executemany("INSERT INTO history VALUES (?, ?, ?, ?, ?)", history)
    db.executemany("INSERT INTO threads VALUES (?, ?) ON CONFLICT DO UPDATE SET thread = excluded.thread", threads)
    db.execute("DELETE FROM checkpoint")
    db.execute("INSERT INTO checkpoint VALUES (?)", (read,))
    db.execute("COMMIT")
