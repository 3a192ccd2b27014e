"""Folds batches of events into the tables, each batch and its checkpoint in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

import msgspec
import structlog
from pysqlite3 import dbapi2 as sqlite3

from events.decisions import Erased, Ignored, MediaRead, Reply, TurnFailed, TurnStarted
from events.inbound import Control, Edit, Message, Receipt, Revoke
from events.jid import is_group
from events.joining import Joined
from events.recorded import Recorded, Unreadable, unreadable_id
from events.subjects import ChatKey
from events.teamwork import Noted
from projections.database import SEARCHED, Damaged, as_damage, create, make_shared, meta_of, micros, open_to_write
from projections.set_aside import SetAside
from projections.tables.chat_row import ChatRow
from projections.tables.chats import Chats
from projections.tables.controls import Controls, named_control
from projections.tables.deliveries import Deliveries
from projections.tables.erasing import forget, tidy, up_to_erasures
from projections.tables.history import History, MessageId, named_messages
from projections.tables.names import PeoplesNames
from projections.tables.notes import Notes
from projections.tables.receipts import Receipts
from projections.tables.threads import Threads
from projections.tables.turns import Turns
from projections.tables.usage import Usage

log = structlog.get_logger("recado.projections")

_BROKEN = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Errors of a table that cannot take an event; faults of the file or its disk are other errors."""

_SEARCH = (
    f"INSERT INTO search (rowid, text) SELECT seq, {SEARCHED} FROM history"  # noqa: S608 - a constant
    " WHERE seq > ? AND coalesce(edited, text) IS NOT NULL AND revoked_at IS NULL"
)


class Projection:
    """One file and its only writer, for one thread at a time. The file is whole after every `apply`."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self.meta = meta_of(db, path)
        self.db = db
        self.leaves_traces = True
        """True if SQLite's write-ahead log may still hold erased bytes; `tidy` removes them."""
        self._forget()

    @classmethod
    def create(cls, path: Path, stream: datetime) -> Self:
        """A new file at `path`, for a rebuild; others may use it after `finish`."""
        return cls(create(path, stream), path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """The file at `path`. Raises Damaged; `meta` says whether the file is of this version."""
        if not path.exists():
            raise Damaged(path, "it is not there")
        db = open_to_write(path)
        try:
            return cls(db, path)
        except sqlite3.DatabaseError as error:
            db.close()
            raise as_damage(path, error) from error
        except BaseException:
            db.close()
            raise

    @property
    def checkpoint(self) -> int:
        """Sequence of the last event that is in the file."""
        return self.meta.checkpoint

    def apply(self, batch: Sequence[Recorded]) -> list[Recorded]:
        """Fold the events of `batch` after the checkpoint; returns these, repeats of an id marked.

        Afterwards the file has all of them. After an error it has those up to its checkpoint, and the same batch may be
        applied again. An event that a table cannot take is set aside: it changes the chat's state alone, so that no
        event stops the others.
        """
        fresh = [recorded for recorded in batch if recorded.seq > self.meta.checkpoint]
        if not fresh:
            return []
        try:
            return self._apply(fresh)
        except _BROKEN as error:
            if len(fresh) == 1:
                return self._apply(fresh, error)
        return [marked for recorded in fresh for marked in self.apply([recorded])]

    def _apply(self, fresh: list[Recorded], defect: Exception | None = None) -> list[Recorded]:
        """Take the events in; with a `defect`, the one that a table met, no table but `set_aside` hears of them."""
        marked: list[Recorded] = []
        try:
            self.db.execute("BEGIN IMMEDIATE")
            since = self.meta.checkpoint
            for part in up_to_erasures(fresh):
                self._load(part)
                marked += [
                    self._fold(recorded) if defect is None else self._pass(recorded, defect) for recorded in part
                ]
                self._write(since, part[-1])
                since = part[-1].seq
            self.db.execute("COMMIT")
        except BaseException:
            self._forget()
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise
        last = fresh[-1]
        self.meta = msgspec.structs.replace(self.meta, checkpoint=last.seq, msg_id=last.msg_id, at=micros(last.at))
        self._set_aside.tell()
        return marked

    def mark(self, batch: Sequence[Recorded]) -> list[Recorded]:
        """`batch`, which the file already has, with repeats of an id marked."""
        self._load(batch)
        marked = [
            msgspec.structs.replace(recorded, repeat=True)
            if self._is_known(self._chats.of(recorded), recorded)
            else recorded
            for recorded in batch
        ]
        self._forget()
        return marked

    def tidy(self) -> None:
        """Remove erased bytes from the write-ahead log too. A reader may be in the way: then try later."""
        self.leaves_traces = not tidy(self.db)

    def finish(self) -> None:
        """Let others read a new file while it is written, and close it here."""
        make_shared(self.db)
        self.db.close()

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def _forget(self) -> None:
        """Drop everything in memory that is not in the file."""
        self._chats = Chats(self.db)
        self._history = History(self.db)
        self._controls = Controls(self.db)
        self._turns = Turns(self.db)
        self._threads = Threads(self.db)
        self._usage = Usage(self.db)
        self._receipts = Receipts(self.db)
        self._deliveries = Deliveries(self.db)
        self._set_aside = SetAside(self.db)
        self._names = PeoplesNames(self.db)
        self._notes = Notes(self.db)
        self._gone: list[tuple[int, int, tuple[str, ...], ChatRow]] = []

    def _load(self, batch: Sequence[Recorded]) -> None:
        self._chats.load({recorded.key for recorded in batch})
        messages: set[MessageId] = set()
        controls: set[tuple[str, int]] = set()
        replies: set[tuple[str, int, str]] = set()
        new: set[tuple[str, int]] = set()
        joints = {
            ChatKey(recorded.key.account, joint.chat)
            for recorded in batch
            for joint in self._chats.of(recorded).state.joints
        }
        joints.update(
            ChatKey(one.key.account, one.event.from_)
            for one in batch
            if isinstance(one.event, Joined) and one.event.from_ is not None
        )
        if joints:
            self._chats.load(joints)
        for recorded in batch:
            held = self._chats.of(recorded)
            if isinstance(recorded.event, Receipt):
                if (recorded.event.reply, held.id) not in new:
                    replies.add((recorded.event.reply, held.id, held.key.account))
                continue
            if isinstance(recorded.event, Reply):
                new.add((recorded.event.id, held.id))
            named = named_messages(recorded)
            messages.update((id_, held.id) for id_ in named)
            if held.state.joints and recorded.side == "i":
                messages.update((id_, other) for id_ in named for other in self._chats.family(held))
            control = named_control(recorded)
            if control is not None:
                controls.add((control, held.id))
        self._history.load(messages)
        self._controls.load(controls)
        self._deliveries.load(replies)

    def _fold(self, recorded: Recorded) -> Recorded:
        held = self._chats.of(recorded)
        if recorded.side == "i":
            if self._is_known(held, recorded):
                return msgspec.structs.replace(recorded, repeat=True)
            self._came_in(held, recorded)
        else:
            self._decided(held, recorded)
        return recorded

    def _pass(self, recorded: Recorded, defect: Exception) -> Recorded:
        """Set aside what no table can take; the chat's state takes what it can."""
        held = self._chats.of(recorded)
        self._fold_into(held, recorded)
        self._set_aside.put(held, recorded, defect)
        return recorded

    def _fold_into(self, held: ChatRow, recorded: Recorded) -> None:
        changed, defect = held.fold(recorded)
        if changed:
            self._chats.changed(held)
        if defect is not None:
            self._set_aside.put(held, recorded, defect)

    def _is_known(self, held: ChatRow, recorded: Recorded) -> bool:
        match recorded.event:
            case Message(id=id_):
                return self._history.is_repeat(held, id_, recorded, self._chats.family(held))
            case Unreadable() if recorded.side == "i":
                return self._history.is_repeat(held, unreadable_id(recorded.seq), recorded)
            case Control() as control:
                return self._controls.is_repeat(held, control, recorded)
        return False

    def _came_in(self, held: ChatRow, recorded: Recorded) -> None:
        match recorded.event:
            case Message() | Unreadable():
                self._history.came_in(held, recorded)
                self._chats.came_in(held, recorded)
                self._names.fold(recorded)
            case Control() as control:
                self._controls.came_in(held, recorded, control)
                self._chats.came_in(held, recorded)
            case Edit() | Revoke() as event:
                self._history.rewritten(held, recorded, event, self._chats.family(held))
            case Receipt() as receipt:
                self._receipts.fold(held, recorded, receipt)
                self._chats.receipt(held, receipt)
                self._deliveries.receipt(held, recorded, receipt)
        self._fold_into(held, recorded)

    def _joined(self, held: ChatRow, recorded: Recorded, event: Joined) -> None:
        if event.into is not None and not event.done:
            self._history.closed(held)
        if event.from_ is not None:
            self._chats.joined(held, event.from_)
        self._names.fold(recorded)

    def _decided(self, held: ChatRow, recorded: Recorded) -> None:
        event = recorded.event
        match event:
            case Reply():
                self._history.replied(held, recorded, event)
                self._usage.replied(held, recorded, event)
                self._chats.replied(held, recorded.at, event)
                self._deliveries.replied(held, recorded, event)
            case TurnStarted():
                self._history.turn_started(held, recorded, event)
            case Joined():
                self._joined(held, recorded, event)
            case MediaRead():
                self._history.read(held, event)
            case Noted():
                self._notes.noted(held, recorded, event)
            case Ignored() | TurnFailed():
                self._history.ended(held, recorded, event)
                if isinstance(event, TurnFailed):
                    held.failed = True
            case Unreadable(detail=detail):
                log.warning("decision_unreadable", seq=recorded.seq, type=recorded.type, detail=detail)
        turn, rewrites = held.state.turn, held.state.rewrites
        self._fold_into(held, recorded)
        if isinstance(event, Erased) and not event.done:
            before = tuple(rewrite.of for rewrite in rewrites if rewrite.seq <= event.upto)
            self._gone.append((held.id, event.upto, before, self._chats.replace(held, recorded)))
            return
        is_answered = turn is not None and isinstance(event, Reply) and event.turn == turn.id
        if turn is not None and not is_answered and (held.state.turn is None or held.state.turn.id != turn.id):
            self._usage.ended(held, recorded, turn)
        self._controls.decided(held, recorded)
        self._turns.fold(held, recorded, turn)
        self._threads.fold(held, recorded)

    def _write(self, since: int, last: Recorded) -> None:
        self._history.write(since)
        for table in (
            self._controls, self._turns, self._threads, self._usage, self._receipts, self._deliveries, self._set_aside,
            self._notes,
        ):  # fmt: skip
            table.write()
        self.db.execute(_SEARCH, (since,))
        self._names.write()
        for chat, upto, rewritten_before, successor in self._gone:
            self._names.forget(*successor.key)
            self._deliveries.forget(chat, successor.key.account)
            late = forget(self.db, chat, upto, successor.id, successor.key.account, rewritten_before)
            successor.messages, successor.name = late.messages, None if is_group(successor.key.chat) else late.name
            self.leaves_traces = True
        self._gone.clear()
        self._deliveries.write_accounts()
        self._chats.write()
        stamped = (last.seq, last.msg_id, micros(last.at))
        self.db.execute("UPDATE meta SET checkpoint = ?, msg_id = ?, at = ?", stamped)
