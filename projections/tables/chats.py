"""The table `chats`: each chat's snapshot, folded by `chat.evolve`, from which its actor wakes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from chat.gates import pairing_code
from chat.informing import is_informing
from chat.pending import has_pending_work, has_work_now, wakes
from chat.state import Chat
from chat.teamwork import state_of
from chat.teamwork_orders import COMMANDS
from events.decisions import Reply
from events.inbound import Control, Message, Receipt
from events.jid import is_group
from events.recorded import Recorded
from events.subjects import ChatKey, partition
from projections.database import id_list, micros, rows_for, write_rows
from projections.tables.chat_row import ChatRow
from projections.tables.labels import write_labels
from projections.tables.marks import BLANK, decoded, encoded, marks_of, named, put_receipt, put_reply
from projections.tables.threads import thread_at
from projections.tables.turns import turn_at
from projections.words import words_of

_HELD = 8192
"""Chats that the writer keeps decoded between batches (about 2 KB each)."""

_NOT_WAITING = 4_000_000_000_000_000_000
"""Minus the time of its last activity: the place of a chat that waits for nothing, in `wait_order`."""

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
        for id_, account, chat, *row, marks, outgoing, words, snapshot in rows_for(
            self._db,
            "WITH wanted (account, chat) AS (",
            missing,
            ") SELECT id, account, chat, name, last_at, messages, replies, attention, asked_at, marks, outgoing, words,"
            " snapshot FROM wanted CROSS JOIN chats USING (account, chat)",
        ):
            state = decode_snapshot(snapshot)
            held = ChatRow(id_, ChatKey(account, chat), state, *row)
            held.failed, held.outgoing, held.words = "failed" in named(marks), decoded(outgoing), words
            held.labels = state.labels
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

    def family(self, held: ChatRow) -> tuple[int, ...]:
        """The numbers of the chats that closed into this one; they were loaded."""
        if not held.state.joints:
            return ()
        others = (self._held.get(ChatKey(held.key.account, joint.chat)) for joint in held.state.joints)
        return tuple(other.id for other in others if other is not None)

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
        if not (isinstance(event, Control) and event.command in COMMANDS):  # they say nothing in the chat
            held.last_at = micros(recorded.at)
        if not isinstance(event, Message) or not event.name or event.from_me or held.name == event.name:
            return
        if not is_group(held.key.chat):
            held.name, held.words = event.name, None

    def joined(self, held: ChatRow, other: str) -> None:
        """The chat `other`, which was loaded, closes into this one: its person keeps the name that it has there."""
        closed = self._held.get(ChatKey(held.key.account, other))
        if held.name is None and closed is not None and closed.name is not None:
            held.name, held.words = closed.name, None
            self.changed(held)

    def replied(self, held: ChatRow, at: datetime, reply: Reply) -> None:
        held.replies += 1
        held.last_at = micros(at)
        put_reply(held.outgoing, reply.id)
        held.failed = held.failed and (reply.author == "system" or is_informing(reply))

    def receipt(self, held: ChatRow, receipt: Receipt) -> None:
        if put_receipt(held.outgoing, receipt):
            self.changed(held)

    def write(self) -> None:
        """Write the changed rows, and drop chats that were not used lately."""
        changed = self._changed.values()
        rows = list(map(_row, changed))
        write_rows(
            self._db,
            "INSERT INTO chats",
            rows,
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, last_at = excluded.last_at,"
            " messages = excluded.messages, replies = excluded.replies, owes = excluded.owes, to_do = excluded.to_do,"
            " wakes = excluded.wakes, attention = excluded.attention, asked_at = excluded.asked_at,"
            " marks = excluded.marks, outgoing = excluded.outgoing, words = excluded.words,"
            " snapshot = excluded.snapshot, closed_into = excluded.closed_into, joints = excluded.joints,"
            " work = excluded.work, snoozed_until = excluded.snoozed_until, assigned = excluded.assigned,"
            " unanswered = excluded.unanswered, wait_order = excluded.wait_order",
        )
        write_labels(self._db, changed)
        self._changed.clear()
        while len(self._held) > _HELD:
            self._held.popitem(last=False)


def admission(key: ChatKey, state: Chat) -> str | None:
    """`approved`, `blocked`, or the code that an unknown person was told."""
    if not state.admission and any(told.reason == "unapproved" for told in state.told):
        return pairing_code(key)
    return state.admission or None


def _row(held: ChatRow) -> tuple[Any, ...]:
    key, state = held.key, held.state
    owes = has_pending_work(state)
    if held.words is None:
        reason = msgspec.json.decode(held.attention)["text"] if held.attention is not None else None
        held.words = words_of(key.chat, held.name, reason)
    marks = marks_of(held.outgoing, failed=held.failed, paused=state.pause is not None)
    left = held.messages or held.replies or owes or marks or held.attention or state.assigned or state.labels
    if state.into or not (left or state.stopped or admission(key, state)):
        marks = BLANK
    work, until = state_of(state), state.snoozed_until if state_of(state) == "snoozed" else None
    unanswered = state.unanswered if state.admission != "blocked" else None
    since = [micros(unanswered)] if unanswered is not None else []
    since += [held.asked_at] if held.asked_at is not None else []
    return (
        held.id, key.account, key.chat, partition(key), held.name, held.last_at, held.messages, held.replies, owes,
        has_work_now(state),
        wakes(state), held.attention, held.asked_at, marks, encoded(held.outgoing), held.words,
        _encoder.encode(state).decode(), state.into or None,
        id_list(joint.chat for joint in state.joints) if state.joints else None,
        work, micros(until) if until is not None else None,
        state.assigned, micros(unanswered) if unanswered is not None else None,
        min(since, default=_NOT_WAITING - held.last_at),
    )  # fmt: skip
