"""The same conversations in PyPI's `eventsourcing`, projected into the same tables as in its documentation.

An aggregate for each chat, its events in SQLite as shipped; a projection that handles one event after the other, each
with its tracking record in one transaction (https://eventsourcing.readthedocs.io/en/stable/topics/projection.html). It
writes recado's rows, search index included.
"""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.projection import Projection
from eventsourcing.sqlite import SQLiteCursor, SQLiteDatastore, SQLiteTrackingRecorder
from eventsourcing.system import NotificationLogReader

from benchmarks.bus import ACCOUNT
from benchmarks.conversations import chat_events
from benchmarks.people import key_of
from events.decisions import Reply, ThreadCreated, TurnStarted
from events.inbound import Message
from projections.database import SCHEMA, micros

_PAGE = 1000


class Chat(Aggregate):
    """The events of a chat. It keeps no state, because none is needed."""

    @event("Opened")
    def __init__(self) -> None:
        pass

    @event("MessageCame")
    def receive(self, message: str, sender: str, name: str, text: str) -> None:
        pass

    @event("TurnStarted")
    def start_turn(self, turn: str, messages: list[str], backend: str) -> None:
        pass

    @event("ThreadCreated")
    def create_thread(self, backend: str, thread: str, reason: str) -> None:
        pass

    @event("Replied")
    def reply(self, reply: dict[str, Any]) -> None:
        pass


class Chats(Application):
    log_section_size = _PAGE


def written(file: Path, chats: int, messages: int, burst_every: int) -> Chats:
    """The application, with a conversation of `messages` of the person in each of `chats`."""
    application = Chats(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(file)})
    for person in range(chats):
        chat = Chat()
        for each in chat_events(key_of(person), messages, burst_every):
            match each:
                case Message():
                    chat.receive(each.id, each.sender or "", each.name or "", each.text or "")
                case TurnStarted():
                    chat.start_turn(each.turn, list(each.messages), each.backend)
                case ThreadCreated():
                    chat.create_thread(each.backend, each.thread, each.reason)
                case Reply():
                    chat.reply({
                        "id": each.id,
                        "text": each.text,
                        "messages": list(each.in_reply_to),
                        "backend": each.backend,
                        "model": each.model,
                        "run": each.run,
                        "tokens": [each.usage.input_tokens, each.usage.output_tokens],
                    })  # fmt: skip
        application.save(chat)
    return application


class Tables(SQLiteTrackingRecorder):
    """recado's tables, with the library's own tracking in place of the checkpoint."""

    def construct_create_table_statements(self) -> list[str]:
        statements, begun = list[str](), ""
        for part in re.sub("--.*", "", SCHEMA).split(";"):
            begun += f"{part};"
            if sqlite3.complete_statement(begun):  # a trigger has others inside
                statements.append(begun)
                begun = ""
        return super().construct_create_table_statements() + [each for each in statements if each.strip("; \n")]

    def commit(self, tracking: Tracking, write: Any) -> None:
        """Call `write` with a cursor, in one transaction with the tracking record."""
        with self.datastore.transaction(commit=True) as cursor:
            write(cursor)
            self._insert_tracking(cursor, tracking)


class ChatTables(Projection[Tables]):
    """Writes the rows."""

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        raise TypeError(f"{type(domain_event)} at {tracking.notification_id}")

    @process_event.register
    def _opened(self, opened: Chat.Opened, tracking: Tracking) -> None:
        def write(to: SQLiteCursor) -> None:
            at = micros(opened.timestamp)
            to.execute(
                "INSERT INTO chats (account, chat, partition, last_at, messages, replies, owes, to_do, wakes, marks,"
                " words, snapshot, work, assigned, wait_order)"
                " VALUES (?, ?, 0, ?, 0, 0, 0, 0, 0, 0, '', '{}', 'open', '', 0)",
                (ACCOUNT, opened.originator_id.hex, at),
            )

        self.view.commit(tracking, write)

    @process_event.register
    def _message_came(self, came: Chat.MessageCame, tracking: Tracking) -> None:
        def write(to: SQLiteCursor) -> None:
            seq, at = tracking.notification_id, micros(came.timestamp)
            chat, state = _chat(to, came)
            state["i"] = seq
            state["waiting"] = [*state.get("waiting", ()), {"id": came.message, "seq": seq, "sent": at, "stored": at}]
            to.execute(
                "INSERT INTO history (seq, chat, id, author, at, text, sent, sender, name, kind, from_me)"
                " VALUES (?, ?, ?, 'person', ?, ?, ?, ?, ?, 'text', 0)",
                (seq, chat, came.message, at, came.text, at, came.sender, came.name),
            )
            to.execute("INSERT INTO search (rowid, text) VALUES (?, ?)", (seq, came.text))
            to.execute(
                "UPDATE chats SET messages = messages + 1, last_at = ?, name = ?, owes = 1, wakes = 1, snapshot = ?"
                " WHERE id = ?",
                (at, came.name, json.dumps(state), chat),
            )

        self.view.commit(tracking, write)

    @process_event.register
    def _turn_started(self, started: Chat.TurnStarted, tracking: Tracking) -> None:
        def write(to: SQLiteCursor) -> None:
            seq, at = tracking.notification_id, micros(started.timestamp)
            chat, state = _chat(to, started)
            state["o"] = seq
            state["waiting"] = [each for each in state["waiting"] if each["id"] not in started.messages]
            state["turn"] = {"id": started.turn, "messages": started.messages, "seq": seq}
            for message in started.messages:
                to.execute(
                    "UPDATE history SET turn = ? WHERE id = ? AND chat = ? AND author = 'person'", (seq, message, chat)
                )
            to.execute(
                'INSERT INTO turns (chat, seq, id, at, messages, backend, state, "by", adoptions, attempt,'
                " input_tokens, output_tokens) VALUES (?, ?, ?, ?, ?, ?, 'running', 'me', 0, 0, 0, 0)",
                (chat, seq, started.turn, at, json.dumps(started.messages), started.backend),
            )
            to.execute("UPDATE chats SET snapshot = ? WHERE id = ?", (json.dumps(state), chat))

        self.view.commit(tracking, write)

    @process_event.register
    def _thread_created(self, created: Chat.ThreadCreated, tracking: Tracking) -> None:
        def write(to: SQLiteCursor) -> None:
            seq = tracking.notification_id
            chat, state = _chat(to, created)
            state["o"] = seq
            state["thread"] = {"backend": created.backend, "id": created.thread, "seq": seq}
            to.execute(
                "INSERT INTO threads (chat, seq, backend, thread, reason, at, messages, replies, input_tokens,"
                " output_tokens) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0)",
                (chat, seq, created.backend, created.thread, created.reason, micros(created.timestamp)),
            )
            to.execute("UPDATE chats SET snapshot = ? WHERE id = ?", (json.dumps(state), chat))

        self.view.commit(tracking, write)

    @process_event.register
    def _replied(self, replied: Chat.Replied, tracking: Tracking) -> None:
        def write(to: SQLiteCursor) -> None:
            seq, at = tracking.notification_id, micros(replied.timestamp)
            chat, state = _chat(to, replied)
            reply, tokens = replied.reply, replied.reply["tokens"]
            turn, thread = state.pop("turn"), state["thread"]
            state["o"] = seq
            for message in reply["messages"]:
                to.execute(
                    "UPDATE history SET ending = 'reply', ended = ?, context = seq"
                    " WHERE id = ? AND chat = ? AND author = 'person'",
                    (seq, message, chat),
                )
            to.execute(
                "INSERT INTO history (seq, chat, id, author, at, text, in_reply_to, backend, model, thread, run,"
                " input_tokens, output_tokens, turn, ended, context)"
                " VALUES (?, ?, ?, 'assistant', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    seq, chat, reply["id"], at, reply["text"], json.dumps(reply["messages"]), reply["backend"],
                    reply["model"], thread["id"], reply["run"], *tokens, turn["seq"], seq, seq,
                ),
            )  # fmt: skip
            to.execute("INSERT INTO search (rowid, text) VALUES (?, ?)", (seq, reply["text"]))
            to.execute(
                "UPDATE turns SET state = 'replied', run = ?, ended = ?, ended_at = ?, input_tokens = ?,"
                " output_tokens = ? WHERE chat = ? AND seq = ?",
                (reply["run"], seq, at, *tokens, chat, turn["seq"]),
            )
            to.execute(
                "UPDATE threads SET messages = messages + ?, replies = replies + 1, input_tokens = input_tokens + ?,"
                " output_tokens = output_tokens + ? WHERE chat = ? AND seq = ?",
                (len(reply["messages"]), *tokens, chat, thread["seq"]),
            )
            to.execute(
                "INSERT INTO usage VALUES (?, ?, 'chat', ?, 1, ?, ?, 0, 0)"
                " ON CONFLICT (chat, day, backend, model) DO UPDATE SET"
                " replies = replies + 1, input_tokens = input_tokens + excluded.input_tokens,"
                " output_tokens = output_tokens + excluded.output_tokens",
                (chat, replied.timestamp.date().isoformat(), reply["model"], *tokens),
            )
            to.execute(
                "UPDATE chats SET replies = replies + 1, last_at = ?, owes = ?, wakes = ?, snapshot = ? WHERE id = ?",
                (at, bool(state["waiting"]), bool(state["waiting"]), json.dumps(state), chat),
            )

        self.view.commit(tracking, write)


def project(application: Chats, file: Path, *, synced: bool) -> int:
    """Fold every event of `application` into tables in `file`. Returns the number of events.

    As shipped, the library syncs the file to disk at every event (`synced`). recado does not sync during a rebuild.
    """
    tables = Tables(SQLiteDatastore(str(file), pool_size=1, max_overflow=0))
    tables.create_table()
    if not synced:
        with tables.datastore.get_connection(commit=True) as connection, connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous = OFF")
    projection = ChatTables(tables)
    events = 0
    for page in NotificationLogReader(application.notification_log, section_size=_PAGE).select(start=1):
        for notification in page:
            domain_event = application.mapper.to_domain_event(notification)
            projection.process_event(domain_event, Tracking(application.name, notification.id))
            events += 1
    tables.datastore.close()
    return events


def _chat(cursor: SQLiteCursor, each: Aggregate.Event) -> tuple[int, dict[str, Any]]:
    """The chat's row number and its snapshot."""
    cursor.execute("SELECT id, snapshot FROM chats WHERE account = ? AND chat = ?", (ACCOUNT, each.originator_id.hex))
    row = cursor.fetchone()
    return row["id"], json.loads(row["snapshot"])
