"""Reads for actors: a chat's snapshot, the messages of a turn, and the context for the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from chat.arrival import is_read
from chat.attachments import FileRead
from chat.context import Line, readable
from chat.edits import in_newest_words
from chat.references import Referring, references_of, text_of
from chat.spending import Used
from chat.state import Chat
from events.inbound import Media, Message
from events.recorded import Recorded
from events.subjects import ChatKey
from events.usage import TokenUsage
from projections.database import ids_of, micros
from projections.reads.context_lines import COLUMNS, PAST_COLUMNS, Lines, Row
from projections.reads.family import family, one_of
from projections.reads.reader import Connections
from projections.tables.chats import decode_snapshot
from projections.uncommitted import UncommittedMessages

_CHAT = "(SELECT id FROM chats WHERE account = ? AND chat = ?)"
_SNAPSHOT = "SELECT snapshot FROM chats WHERE account = ? AND chat = ?"
# Every row of context ends after its messages came in, so the bound of a reset also bounds the search by `ended`.
# All lines come as one row, because the interpreter's lock is released at each row, and beside a busy writer every row
# waits its turn to get it back.
_CONTEXT = (
    "SELECT json_group_array("  # noqa: S608
    "json_array(author, text, name, kind, media, reading, later, sender, quoted, refers, sent_at)"
    f" ORDER BY ended, seq) FROM (SELECT {PAST_COLUMNS}, ended, seq"
    " FROM history WHERE chat {} AND context > ? AND ended > ? ORDER BY ended DESC, seq DESC LIMIT ?)"
)
_CONTEXT_OF_ONE = _CONTEXT.format(f"= {_CHAT}")
_HAS_JOINTS = "SELECT joints IS NOT NULL FROM chats WHERE account = ? AND chat = ?"
_KNOWN_IN = "SELECT seq FROM history WHERE id = ? AND chat {} AND author = 'person' AND reason IS NOT 'joined'"
_LAST_FAILED = f"SELECT messages FROM turns WHERE chat = {_CHAT} AND state = 'failed' ORDER BY seq DESC LIMIT 1"  # noqa: S608
_PENDING = (
    "SELECT id, account, chat FROM chats INDEXED BY waking WHERE wakes AND partition = ? AND id > ? ORDER BY id LIMIT ?"
)
_SPENT = "SELECT model, input_tokens, output_tokens, cached_tokens, seconds FROM spending WHERE account = ? AND day = ?"
_MESSAGE = f"SELECT {{}} FROM history WHERE id = ? AND chat = {_CHAT} AND author = 'person'"  # noqa: S608

_KNOWN = _MESSAGE.format("seq")

_rows_of = msgspec.json.Decoder(list[Row]).decode

_media = msgspec.json.Decoder(Media)
_readings = msgspec.json.Decoder(FileRead)
_referring = msgspec.json.Decoder(Referring)
_encoder = msgspec.json.Encoder()


class ChatReads:
    """Single look-ups by index on a connection of the calling thread: 10 to 50 µs each, for any length of history."""

    def __init__(self, reader: Connections, uncommitted: UncommittedMessages | None = None) -> None:
        """`uncommitted` has messages that the file does not have yet."""
        self._reader = reader
        self._uncommitted = uncommitted or UncommittedMessages()

    def snapshot(self, key: ChatKey) -> Chat:
        """The folded state at the projection's checkpoint; an empty one for an unknown chat."""
        row = self._reader.connection().execute(_SNAPSHOT, key).fetchone()
        return decode_snapshot(row[0]) if row is not None else Chat()

    def lines_of(self, key: ChatKey, messages: Sequence[str]) -> tuple[Line, ...]:
        """The given messages as a model is shown them, in the given order and in their present words. Unknown ids are
        left out."""
        fresh = {id_: row for id_ in messages if (row := self._fresh(key, id_)) is not None}
        rows = self._rows(key, [id_ for id_ in messages if id_ not in fresh], COLUMNS)
        found = fresh | {id_: Row(*columns) for id_, columns in rows.items()}
        lines = self._lines(key)
        return tuple(lines.line(found[id_], past=False) for id_ in messages if id_ in found)

    def references(self, key: ChatKey, messages: Sequence[str]) -> tuple[Referring, ...]:
        """The references of those of `messages` that have any."""
        rows = self._rows(key, messages, COLUMNS)
        found = ((id_, self._fresh(key, id_) or (Row(*rows[id_]) if id_ in rows else None)) for id_ in messages)
        return tuple(
            _referring.decode(row.refers or "{}").of(id_, row.quoted)
            for id_, row in found
            if row is not None and (row.refers is not None or row.quoted is not None)
        )

    def repeats(self, messages: Sequence[Recorded]) -> frozenset[int]:
        """The sequences of those messages whose ids their chats had before."""
        db, found = self._reader.connection(), set[int]()
        for recorded in messages:
            id_ = cast(Message, recorded.event).id
            first = self._uncommitted.of(recorded.key, id_)
            known = db.execute(_KNOWN, (id_, *recorded.key)).fetchone()
            if known is None and self._is_joined(db, recorded.key):
                known = db.execute(_KNOWN_IN.format(one_of(family(db, recorded.key))), (id_,)).fetchone()
            if (first is not None and first.seq < recorded.seq) or (known is not None and known[0] != recorded.seq):
                found.add(recorded.seq)
        return frozenset(found)

    def _is_joined(self, db: sqlite3.Connection, key: ChatKey) -> bool:
        """True if other chats closed into this one."""
        row = db.execute(_HAS_JOINTS, key).fetchone()
        return row is not None and bool(row[0])

    def file_of(self, key: ChatKey, message: str) -> tuple[str, str, Media] | None:
        """A message's kind, its words and its file; None if it has none."""
        row = self._rows(key, (message,), "kind, text, media").get(message)
        if row is None or row[2] is None:
            return None
        kind, text, media = row
        return kind, readable(text or ""), _media.decode(media)

    def unread(self, key: ChatKey, messages: Sequence[str]) -> tuple[str, ...]:
        """Those of `messages` whose file has to be read: it was not read, or it gave no words that are kept."""
        rows = self._rows(key, messages, "kind, media, reading")
        return tuple(
            id_
            for id_ in messages
            if id_ in rows and rows[id_][1] is not None and is_read(rows[id_][0]) and not _has_words(rows[id_][2])
        )

    def context(self, key: ChatKey, limit: int, reset_upto: int, since: int = 0) -> tuple[Line, ...]:
        """The last `limit` lines that ended after decision `since`, and whose messages came after sequence
        `reset_upto`, oldest first."""
        bounds = (reset_upto, max(reset_upto, since), limit)
        db = self._reader.connection()
        if self._is_joined(db, key):
            statement = _CONTEXT.format(one_of(family(db, key)))
            found = db.execute(statement, bounds).fetchone()
        else:
            found = db.execute(_CONTEXT_OF_ONE, (*key, *bounds)).fetchone()
        lines = self._lines(key)
        return tuple([lines.line(row, past=True) for row in _rows_of(found[0])])

    def seqs_of(self, key: ChatKey, messages: Sequence[str]) -> tuple[int, ...]:
        """The sequences of those of `messages` that are in the file, in order."""
        return tuple(sorted(seq for (seq,) in self._rows(key, messages, "seq").values()))

    def failed(self, key: ChatKey, messages: Sequence[str]) -> tuple[str, ...]:
        """Those of `messages` that ended in a failed turn, in log order. Without `messages`: those of the last failed
        turn."""
        if not messages:
            last = self._reader.connection().execute(_LAST_FAILED, key).fetchone()
            messages = ids_of(last[0]) if last is not None else ()
        rows = self._rows(key, messages, "seq, ending, revoked_at")
        failed = sorted((seq, id_) for id_, (seq, *end) in rows.items() if end == ["turn_failed", None])
        return tuple(id_ for _, id_ in failed)

    def spent(self, account: str, day: str) -> tuple[Used, ...]:
        """The tokens of all chats of the account on the day (UTC), by model."""
        rows = self._reader.connection().execute(_SPENT, (account, day)).fetchall()
        return tuple(Used(model, TokenUsage.of(*counts)) for model, *counts in rows)

    def pending(self, partition: int, after: int, limit: int) -> list[tuple[int, ChatKey]]:
        """At most `limit` chats of the partition that are to be woken, after row `after`, in the order of their first
        events."""
        rows = self._reader.connection().execute(_PENDING, (partition, after, limit)).fetchall()
        return [(id_, ChatKey(account, chat)) for id_, account, chat in rows]

    def _lines(self, key: ChatKey) -> Lines:
        return Lines(self._reader.connection(), key, lambda id_: self._fresh(key, id_))

    def _fresh(self, key: ChatKey, id_: str) -> Row | None:
        """The row of a message, without a file, that the file does not have yet."""
        recorded = self._uncommitted.of(key, id_)
        if recorded is None:
            return None
        event = in_newest_words(self.snapshot(key), cast(Message, recorded.event))
        references = references_of(event)
        refers = _encoder.encode(references).decode() if references is not None else None
        author, sender = "by hand" if event.from_me else "person", event.sender or key.chat
        at = recorded.at if event.at is None else min(event.at, recorded.at)
        words, at_ = text_of(event), micros(at)
        return Row(author, words, event.name, event.kind, None, None, None, sender, event.quoted, refers, at_)

    def _rows(self, key: ChatKey, messages: Sequence[str], columns: str) -> dict[str, tuple[Any, ...]]:
        db, wanted = self._reader.connection(), _MESSAGE.format(columns)
        found = ((id_, db.execute(wanted, (id_, *key)).fetchone()) for id_ in dict.fromkeys(messages))
        return {id_: row for id_, row in found if row is not None}


def _has_words(reading: str | None) -> bool:
    return reading is not None and _readings.decode(reading).form == "text"
