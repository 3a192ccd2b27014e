"""The tables `names` and `earlier_names`: the chat of each other name of a person, as messages and joinings tell it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from pysqlite3 import dbapi2 as sqlite3

from events.inbound import Message
from events.jid import is_group
from events.joining import Joined
from events.recorded import Recorded
from projections.database import write_rows

_MOST_HELD = 8192

_NAMES_OF = """
SELECT name FROM names WHERE account = :account AND chat = :chat
UNION SELECT name FROM earlier_names WHERE account = :account AND chat = :chat
"""
_TOLD_OF = """
SELECT chat, seq FROM earlier_names WHERE account = :account AND name = :name
UNION ALL SELECT chat, seq FROM names WHERE account = :account AND name = :name ORDER BY seq
"""


class PeoplesNames:
    """The names that a batch tells of."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._new: dict[tuple[str, str], tuple[str, int]] = {}
        self._held: dict[tuple[str, str], str] = {}  # names that were written lately

    def fold(self, recorded: Recorded) -> None:
        """Take in the names that the event tells of."""
        account, place = recorded.key
        event = recorded.event
        if isinstance(event, Message) and event.aliases:
            chat = event.sender or "" if event.group or is_group(place) else place
            self._put(account, event.aliases, chat, recorded.seq)
        elif isinstance(event, Joined) and event.from_ is not None:
            self._put(account, (event.from_, *event.others), place, recorded.seq)

    def forget(self, account: str, chat: str) -> None:
        """Delete the names of an erased chat. One that stood for another chat before stands for that again: a rebuild
        from the rest of the log gives the same."""
        self.write()
        self._held.clear()
        for (name,) in self._db.execute(_NAMES_OF, {"account": account, "chat": chat}).fetchall():
            told = self._db.execute(_TOLD_OF, {"account": account, "name": name}).fetchall()
            self._db.execute("DELETE FROM names WHERE account = ? AND name = ?", (account, name))
            self._db.execute("DELETE FROM earlier_names WHERE account = ? AND name = ?", (account, name))
            stays = [one for one in told if one[0] != chat]
            rows = [(account, name, *next(group)) for _, group in groupby(stays, key=itemgetter(0))]
            self._db.executemany("INSERT INTO earlier_names VALUES (?, ?, ?, ?)", rows[:-1])
            self._db.executemany("INSERT INTO names VALUES (?, ?, ?, ?)", rows[-1:])

    def write(self) -> None:
        """Write the names that are new, or stand for another chat now."""
        rows = [(account, name, chat, seq) for (account, name), (chat, seq) in self._new.items()]
        write_rows(
            self._db,
            "INSERT INTO names",
            rows,
            "ON CONFLICT (account, name) DO UPDATE SET chat = excluded.chat, seq = excluded.seq"
            " WHERE chat <> excluded.chat",
        )
        if len(self._held) > _MOST_HELD:
            self._held.clear()
        self._held |= {key: chat for key, (chat, _) in self._new.items()}
        self._new.clear()

    def _put(self, account: str, names: Iterable[str], chat: str, seq: int) -> None:
        for name in names:
            key = account, name
            new = self._new.get(key)
            if name == chat or not chat or chat == (new[0] if new is not None else self._held.get(key)):
                continue
            if new is not None:
                self.write()  # so that the rows do not depend on where a batch ends
            self._new[key] = (chat, seq)
