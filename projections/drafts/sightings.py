"""Finds in a projection what people asked and the documents did not answer, and the answers that a human gave instead.

It keeps nothing: the words are read from the histories of chats, so an erased chat, a deleted message and an edit hold
here at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from projections.database import moment
from projections.drafts.masking import names_in
from projections.knowledge.forms import telling_stems

MOST = 1_000
"""The newest turns that left a question open, and the newest words of humans, that are looked at."""

LONGEST_QUESTION, LONGEST_ANSWER = 400, 4_096
"""Characters that are read."""

MOST_SAID = 40
"""The newest lines of a chat in which names are looked for."""

WITHIN = timedelta(days=1)
"""After a question, a human's words may still be its answer."""

_EARLIER = 12
"""Lines of a chat before a human's words in which the question is looked for."""

_ASKS = 2
"""Words that say something, from which a message without a question mark counts as a question to a human."""

_LINE = (
    "SELECT h.seq, h.author, h.from_me, h.at, iif(h.kind = 'audio', json_extract(h.reading, '$.text'),"
    " coalesce(h.edited, h.text)), h.name, h.revoked_at, h.turn, t.left_open, h.kind, h.parts, c.name, c.account,"
    " h.chat"
    " FROM history h JOIN chats c ON c.id = h.chat LEFT JOIN turns t ON t.chat = h.chat AND t.seq = h.turn"
    " WHERE h.reason IS NOT 'joined' AND "
)
_TURNS = (
    "SELECT seq, chat, messages, left_open FROM turns INDEXED BY left_open WHERE left_open IS NOT NULL"
    " ORDER BY seq DESC LIMIT ?"
)
_OF_TURN = f"{_LINE} h.chat = ? AND h.author = 'person' AND h.id IN (SELECT value FROM json_each(?)) ORDER BY h.seq"  # noqa: S608
_BY_HAND = (
    "SELECT seq, chat FROM history INDEXED BY by_hand WHERE (author = 'operator' OR from_me) ORDER BY seq DESC LIMIT ?"
)
_NAMES = (
    "SELECT name, iif(kind = 'audio', json_extract(reading, '$.text'), coalesce(edited, text)) FROM history"
    " WHERE chat = ? AND revoked_at IS NULL AND author = 'person' ORDER BY seq DESC LIMIT ?"
)
_BEFORE = f"{_LINE} h.chat = ? AND h.seq <= ? ORDER BY h.seq DESC LIMIT {_EARLIER}"
_OF_SEQUENCE = f"{_LINE} h.author = 'person' AND h.seq IN (SELECT value FROM json_each(?)) ORDER BY h.seq"  # noqa: S608


class Sighting(msgspec.Struct, frozen=True):
    """A question that somebody asked.

    - `seqs`: the sequences of its messages in the log.
    - `chat`: the number of the chat.
    - `at`: when it was asked.
    - `why`: as in chat.left_open, or `by_hand`: a human answered.
    - `question`, `answer`: the words as they are in the chat; of the answer none, unless a human gave one.
    - `names`: of people in the chat, as their messages bear them and give them.
    """

    seqs: tuple[int, ...]
    chat: int
    account: str
    at: datetime
    why: str
    question: str
    answer: str
    names: tuple[str, ...]


class _Line(msgspec.Struct, frozen=True):
    """A row of `history`, with its turn and its chat."""

    seq: int
    author: str
    from_me: int | None
    at: int
    words: str | None
    name: str | None
    revoked_at: int | None
    turn: int | None
    left_open: str | None
    kind: str | None
    parts: str | None
    chat_name: str | None
    account: str
    chat: int

    @property
    def said(self) -> str:
        return "" if self.revoked_at is not None else (self.words or "").strip()

    @property
    def is_by_person(self) -> bool:
        return self.author == "person" and not self.from_me

    @property
    def is_by_hand(self) -> bool:
        is_template = self.parts is not None and '"kind":"template"' in self.parts
        return bool(self.from_me) or (self.author == "operator" and not is_template)


class Names:
    """The names of people in each chat; each chat is read once."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[int, frozenset[str]] = {}

    def of(self, chat: int) -> frozenset[str]:
        """The names that its newest messages bear, and those that they give."""
        if chat not in self._known:
            names = set[str]()
            for name, words in self._db.execute(_NAMES, (chat, MOST_SAID)):
                names |= ({name} if name else set()) | names_in((words or "")[:LONGEST_QUESTION])
            self._known[chat] = frozenset(names)
        return self._known[chat]


def sightings(db: sqlite3.Connection, names: Names, most: int = MOST) -> list[Sighting]:
    """Those of the newest turns and words of humans, in the order of the log. Call it within a read transaction."""
    found: dict[int, Sighting] = {}
    by_message: dict[int, int] = {}
    for one in [*_of_turns(db, names, most), *_of_humans(db, names, most)]:
        known = next((by_message[seq] for seq in one.seqs if seq in by_message), None)
        if known is None:
            found[one.seqs[0]] = one
            by_message |= dict.fromkeys(one.seqs, one.seqs[0])
        elif one.answer and not found[known].answer:
            found[known] = msgspec.structs.replace(found[known], answer=one.answer)
    return [one for _, one in sorted(found.items())]


def of_messages(db: sqlite3.Connection, names: Names, asked: Iterable[Sequence[int]]) -> list[Sighting]:
    """The questions whose messages are at these sequences, as far as they are there."""
    asked = tuple(asked)
    wanted = msgspec.json.encode([seq for seqs in asked for seq in seqs]).decode()
    lines = {row[0]: _line(row) for row in db.execute(_OF_SEQUENCE, (wanted,))}
    found = (_sighting(names, [lines[seq] for seq in seqs if seq in lines], "by_hand") for seqs in asked)
    return [one for one in found if one is not None]


def _of_turns(db: sqlite3.Connection, names: Names, most: int) -> Iterator[Sighting]:
    for _, chat, messages, why in db.execute(_TURNS, (most,)).fetchall():
        lines = [_line(row) for row in db.execute(_OF_TURN, (chat, messages))]
        if (one := _sighting(names, [line for line in lines if line.is_by_person], why)) is not None:
            yield one


def _of_humans(db: sqlite3.Connection, names: Names, most: int) -> Iterator[Sighting]:
    """Each question once, with all that a human said to it: the newest of their words lead to it first."""
    for seq, chat in db.execute(_BY_HAND, (most,)).fetchall():
        lines = [_line(row) for row in db.execute(_BEFORE, (chat, seq))]
        asked, answered = _asked(lines)
        if not (asked and answered) or moment(answered[0].at) - moment(asked[-1].at) > WITHIN:
            continue
        words = "\n".join(line.said for line in answered)[:LONGEST_ANSWER].strip()
        one = _sighting(names, asked, "by_hand", words)
        if one is not None and words and _is_question(one.question):
            yield one


def _asked(lines: Sequence[_Line]) -> tuple[list[_Line], list[_Line]]:
    """The person's messages and the human's words after them, each the oldest first, from `lines`, the newest first.
    Words of recado and of programs are passed over, and answers of a model that left it open; after another answer
    there is no question."""
    asked: list[_Line] = []
    answered: list[_Line] = []
    for line in lines:
        if line.is_by_person:
            asked.insert(0, line)
        elif asked:
            break
        elif line.is_by_hand:
            answered.insert(0, line)
        elif line.author == "assistant" and line.turn is not None and line.left_open is None:
            break
    return asked, answered


def _sighting(names: Names, asked: Sequence[_Line], why: str, answer: str = "") -> Sighting | None:
    """None: the messages have no words."""
    told = [line for line in asked if line.said and line.kind not in ("reaction", "system", "unreadable")]
    question = _cut("\n".join(line.said for line in told if telling_stems(line.said[:LONGEST_QUESTION])))
    if not question:
        return None
    chat = told[-1].chat
    borne = {name for line in told for name in (line.name, line.chat_name) if name}
    return Sighting(
        seqs=tuple(line.seq for line in told),
        chat=chat,
        account=told[-1].account,
        at=moment(told[-1].at),
        why=why,
        question=question,
        answer=answer,
        names=tuple(sorted(borne | names.of(chat))),
    )


def _cut(text: str) -> str:
    """The beginning of the text, up to a blank: half a name would not be known as one."""
    if len(text) <= LONGEST_QUESTION:
        return text
    begin = text[:LONGEST_QUESTION]
    return begin[: len(begin) - len(begin.split()[-1])].rstrip() if len(begin.split()) > 1 else ""


def _is_question(text: str) -> bool:
    return "?" in text or "¿" in text or len(telling_stems(text)) >= _ASKS


def _line(row: tuple[object, ...]) -> _Line:
    return _Line(*row)  # type: ignore[arg-type]
