"""The table `chats`: each chat's snapshot, folded by `chat.evolve`, from which its actor wakes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from chat.pending import has_pending_work, has_work_now, wakes
from chat.state import Chat
from events.inbound import Control, Message
from events.jid import is_group
from events.recorded import Recorded
from events.subjects import ChatKey, partition
from projections.database import micros, rows_for, write_rows
from projections.tables.chat_row import ChatRow
from projections.tables.threads import thread_at
from projections.tables.turns import turn_at

_HELD = 8192
"""Chats that the writer keeps decoded between batches (about 2 KB each)."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Chat)


def decode_snapshot(column: str) -> Chat:
    """The state in the column `snapshot`."""
    return _decoder.decode(column)


class Chats:
    """The chats that the writer keeps in memory, and those among them that a batch changed."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._held: OrderedDict[ChatKey, ChatRow] = OrderedDict()
        self._changed: dict[int, ChatRow] = {}

    def load(self, keys: Collection[ChatKey]) -> None:
        """Keep these chats in memory: known ones from their rows, new ones empty."""
        missing = []
        for key in keys:
            if key in self._held:
                self._held.move_to_end(key)
            else:
                missing.append(key)
        if not missing:
            return
        for id_, account, chat, name, last_at, messages, replies, attention, snapshot in rows_for(
            self._db,
            "WITH wanted (account, chat) AS (",
            missing,
            ") SELECT id, account, chat, name, last_at, messages, replies, attention, snapshot"
            " FROM wanted CROSS JOIN chats USING (account, chat)",
        ):
            state = decode_snapshot(snapshot)
            held = ChatRow(id_, ChatKey(account, chat), state, name, last_at, messages, replies, attention)
            held.turn = turn_at(self._db, id_, state.turn.seq) if state.turn is not None else None
            held.thread = thread_at(self._db, id_) if state.thread is not None else None
            self._held[held.key] = held

    def of(self, recorded: Recorded) -> ChatRow:
        """The chat of an event whose key was loaded. A new chat begins with its first event."""
        held = self._held.get(recorded.key)
        if held is None:
            held = self._held[recorded.key] = ChatRow(recorded.seq, recorded.key, Chat(), last_at=micros(recorded.at))
            self._changed[held.id] = held
        return held

    def replace(self, held: ChatRow, recorded: Recorded) -> ChatRow:
        """The new chat after an erasure; its number is the sequence of `recorded`."""
        self._changed.pop(held.id, None)
        successor = ChatRow(recorded.seq, held.key, held.state, last_at=micros(recorded.at))
        self._held[held.key] = self._changed[successor.id] = successor
        return successor

    def changed(self, held: ChatRow) -> None:
        """Mark the chat's row to be written."""
        self._changed[held.id] = held

    def came_in(self, held: ChatRow, recorded: Recorded) -> None:
        event = recorded.event
        held.messages += not isinstance(event, Control)
        held.last_at = micros(recorded.at)
        if isinstance(event, Message) and event.name and not event.from_me and not is_group(held.key.chat):
            held.name = event.name

    def replied(self, held: ChatRow, at: datetime) -> None:
        held.replies += 1
        held.last_at = micros(at)

    def write(self) -> None:
        """Write the changed rows, and drop chats that were not used lately."""
        rows: list[tuple[Any, ...]] = [
            (
                held.id, held.key.account, held.key.chat, partition(held.key), held.name, held.last_at,
                held.messages, held.replies, has_pending_work(held.state), has_work_now(held.state), wakes(held.state),
                held.attention,
                _encoder.encode(held.state).decode(),
            )
            for held in self._changed.values()
        ]  # fmt: skip
        write_rows(
            self._db,
            "INSERT INTO chats",
            rows,
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, last_at = excluded.last_at,"
            " messages = excluded.messages, replies = excluded.replies, owes = excluded.owes, to_do = excluded.to_do,"
            " wakes = excluded.wakes, attention = excluded.attention, snapshot = excluded.snapshot",
        )
        self._changed.clear()
        while len(self._held) > _HELD:
            self._held.popitem(last=False)
