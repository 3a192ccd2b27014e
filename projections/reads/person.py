"""Reads of one person's chat: their other names, the things that messages told, files, turns and usage.

Things and files are those of the last lines alone, so that a long chat is read as fast as a short one.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from chat.references import NOTHING, References
from events.references import Choice
from events.subjects import ChatKey
from projections.database import moment
from projections.reads.entries import entries, turns
from projections.reads.family import family, one_of
from projections.reads.usage_view import UsageView
from projections.reads.views import Entry, TurnView

LINES_READ = 400
"""Lines of the chat in which things and files are looked for."""

_LAST = (
    "SELECT seq, at, media, parts, refers, typed FROM history WHERE chat {} AND revoked_at IS NULL"
    " AND reason IS NOT 'joined' ORDER BY seq DESC LIMIT ?"
)
_THINGS = "SELECT seq, at, refers, typed FROM ({}) WHERE refers IS NOT NULL OR typed IS NOT NULL LIMIT ?"
_FILES = "WHERE h.seq IN (SELECT seq FROM ({}) WHERE media IS NOT NULL OR parts IS NOT NULL) ORDER BY h.seq DESC"
_TURNS = "WHERE chat {} ORDER BY seq DESC LIMIT ?"
_MODELS = "SELECT turn, model FROM history WHERE chat {} AND author = 'assistant' AND turn >= ? AND seq > ?"
_USAGE = (
    "SELECT day, backend, model, replies, input_tokens, output_tokens, cached_tokens, seconds FROM usage WHERE chat {}"
)
_NAMES = "SELECT name FROM names WHERE account = ? AND chat = ? ORDER BY seq"

_references = msgspec.json.Decoder(References)
_choice = msgspec.json.Decoder(Choice)


class Thing(msgspec.Struct, frozen=True):
    """The things that the message at sequence `seq` told beside its words."""

    seq: int
    at: datetime
    told: References


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """A person's chat.

    - `names`: the names of chats that closed into it.
    - `things`: of the last lines, the newest first.
    - `files`: the last lines with a file or with parts, the newest first.
    - `turns`: the last turns with the models that wrote their replies, the newest first; empty: none did.
    - `usage`: all that was used.
    """

    names: tuple[str, ...] = ()
    things: tuple[Thing, ...] = ()
    files: tuple[Entry, ...] = ()
    turns: tuple[tuple[TurnView, str], ...] = ()
    usage: tuple[UsageView, ...] = ()


def person(db: sqlite3.Connection, key: ChatKey, most: int) -> PersonView:
    """The person of the chat, with at most `most` things and turns. Call it within a read transaction."""
    numbers = family(db, key)
    if not numbers:
        return PersonView()
    chats = one_of(numbers)
    last = _LAST.format(chats)
    return PersonView(
        names=tuple(name for (name,) in db.execute(_NAMES, key)),
        things=tuple(_thing(*row) for row in db.execute(_THINGS.format(last), (LINES_READ, most))),
        files=tuple(entries(db, _FILES.format(last), LINES_READ)),
        turns=_turns(db, chats, most),
        usage=tuple(
            UsageView(**dict(zip(UsageView.__struct_fields__, (*key, *row), strict=True)))
            for row in db.execute(_USAGE.format(chats))
        ),
    )


def _turns(db: sqlite3.Connection, chats: str, most: int) -> tuple[tuple[TurnView, str], ...]:
    found = tuple(turns(db, _TURNS.format(chats), most))
    if not found:
        return ()
    first = found[-1].seq
    models = {turn: model or "" for turn, model in db.execute(_MODELS.format(chats), (first, first))}
    return tuple((turn, models.get(turn.seq, "")) for turn in found)


def _thing(seq: int, at: int, refers: str | None, typed: str | None) -> Thing:
    told = _references.decode(refers) if refers is not None else NOTHING
    if typed is not None:
        told = msgspec.structs.replace(told, choice=_choice.decode(typed))
    return Thing(seq, moment(at), told)
