"""Lines of a conversation from rows of its history, with the words of what each message refers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from chat.attachments import FileRead, shown, without_file
from chat.context import Line, readable, rewritten
from chat.moment import plain_name
from chat.references import NOTHING, THEM, US, Quoted, References, reacted, with_references
from events.inbound import Media
from events.jid import is_group
from events.subjects import ChatKey

COLUMNS = (
    "author, coalesce(edited, text), name, kind, media, reading, NULL, sender, quoted, refers,"
    " min(at, coalesce(sent, at))"
)
"""The columns of a Row, in a message's present words."""

PAST_COLUMNS = (
    "iif(from_me, 'by hand', author) AS author, coalesce(answered, text) AS text, name, kind, media, reading,"
    " nullif(edited, coalesce(answered, text)) AS later, sender, quoted, refers,"
    " min(at, coalesce(sent, at)) AS sent_at"
)
"""The same of a message that was answered: in the words that were answered, and in those to which they were edited."""

NAMES_OF = 500
"""Messages of a chat in which the name of a mentioned person is looked up."""

_CHAT = "(SELECT id FROM chats WHERE account = ? AND chat = ?)"
_QUOTED = (
    "SELECT iif(from_me, 'by hand', author), iif(revoked_at ISNULL, coalesce(edited, text), NULL), name, kind, media,"  # noqa: S608
    f" reading, revoked_at, sender, NULL, NULL, at FROM history WHERE id = ? AND chat = {_CHAT}"
    " AND author {} 'person'"
)
_SENT_AS = (
    "SELECT reply, part, parts, template FROM receipts INDEXED BY provider_ids"  # noqa: S608
    f" WHERE provider_id = ? AND chat = {_CHAT} AND state IN ('accepted', 'sent') LIMIT 1"
)
_NAMES = (
    "SELECT sender, name FROM (SELECT seq, sender, name, author FROM history"  # noqa: S608
    f" WHERE chat = {_CHAT} ORDER BY seq DESC LIMIT {NAMES_OF})"
    " WHERE author = 'person' AND name NOTNULL ORDER BY seq"
)

_media = msgspec.json.Decoder(Media)
_readings = msgspec.json.Decoder(FileRead)
_references = msgspec.json.Decoder(References)


class Row(NamedTuple):
    """A row of history as COLUMNS gives it."""

    author: str
    text: str | None
    name: str | None
    kind: str | None
    media: str | None
    reading: str | None
    later: str | None
    sender: str | None
    quoted: str | None
    refers: str | None
    at: int


class Lines:
    """Makes the lines of one chat. `uncommitted` gives the row of a message that the file does not have yet."""

    def __init__(self, db: sqlite3.Connection, key: ChatKey, uncommitted: Callable[[str], Row | None]) -> None:
        self._db = db
        self._key = key
        self._uncommitted = uncommitted
        self._in_group = is_group(key.chat)
        self._known_names: Mapping[str, str] | None = None

    def line(self, row: Row, *, past: bool) -> Line:
        """The message as a model is shown it."""
        words = row.text or ""
        said = readable(words if row.later is None else rewritten(words, row.later))
        if row.author != "person":
            return Line("assistant", said)
        name, by = (plain_name(row.name), "") if self._in_group else ("", plain_name(row.name))
        quoted = self._quoted(row) if row.quoted is not None else None
        if row.media is not None:
            read = _readings.decode(row.reading) if row.reading is not None else None
            said, attachments = shown(row.kind or "", said, _media.decode(row.media), read, past=past)
            said = readable(said)
        else:
            attachments = ()
            is_reaction = row.kind == "reaction"
            said = reacted(said, quoted) if is_reaction else without_file(row.kind or "text", said)
            if is_reaction:
                return Line("user", said, name, at=row.at, by=by)
        if row.refers is not None or row.quoted is not None:
            references = _references.decode(row.refers) if row.refers is not None else NOTHING
            names = self._names() if references.mentions else {}
            is_unknown = row.quoted is not None and quoted is None
            said = readable(with_references(said, references, quoted, names, unknown=is_unknown))
        return Line("user", said, name, attachments, row.at, by)

    def _quoted(self, row: Row) -> Quoted | None:
        """The message that `row` quotes: a person's, or one of ours, by our id or by the provider's."""
        id_ = row.quoted or ""
        if (found := self._uncommitted(id_)) is not None or (found := self._row(id_, "=")) is not None:
            return self._said(found, row.sender)
        if (found := self._row(id_, "<>")) is not None:
            return self._said(found, row.sender)
        sent = self._db.execute(_SENT_AS, (id_, *self._key)).fetchone()
        if sent is None or (found := self._row(sent[0], "<>")) is None:
            return None
        said = self._said(found, row.sender)
        return msgspec.structs.replace(said, part=sent[1], parts=sent[2], template=sent[3])

    def _row(self, id_: str, comparison: str) -> Row | None:
        row = self._db.execute(_QUOTED.format(comparison), (id_, *self._key)).fetchone()
        return Row(*row) if row is not None else None

    def _said(self, row: Row, quoting: str | None) -> Quoted:
        if row.author != "person":
            return Quoted(US, row.text)
        by = THEM if row.sender == quoting else plain_name(row.name) or "another person"
        if row.text is None and row.later is not None:
            return Quoted(by, None)
        return Quoted(by, self.line(row._replace(later=None, quoted=None, refers=None), past=True).text)

    def _names(self) -> Mapping[str, str]:
        """The people's last names by the digits of their JIDs."""
        if self._known_names is None:
            rows = self._db.execute(_NAMES, self._key).fetchall()
            self._known_names = {sender.partition("@")[0]: plain_name(name) for sender, name in rows if sender}
        return self._known_names
