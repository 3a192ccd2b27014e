"""The table `names`: the chat of each other name of a person, as messages and joinings tell it."""

from __future__ import annotations

from collections.abc import Iterable

from pysqlite3 import dbapi2 as sqlite3

from events.inbound import Message
from events.jid import is_group
from events.joining import Joined
from events.recorded import Recorded
from projections.database import write_rows

_MOST_HELD = 8192


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
        """Delete the names of an erased chat."""
        self.write()
        self._held.clear()
        self._db.execute("DELETE FROM names WHERE account = ? AND chat = ?", (account, chat))

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
