"""Counts the messages of people that came after a place in the log."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.subjects import ChatKey

MOST = 100
"""Messages of a chat that are counted."""

_UNREAD = (
    "SELECT account, chats.chat, (SELECT count(*) FROM (SELECT 1 FROM history WHERE history.chat = chats.id"
    " AND history.seq > wanted.value ->> 2 AND author = 'person' AND from_me IS NOT TRUE LIMIT ?))"
    " FROM json_each(?) wanted CROSS JOIN chats ON account = wanted.value ->> 0 AND chats.chat = wanted.value ->> 1"
)


def unread(db: sqlite3.Connection, upto: Mapping[ChatKey, int]) -> dict[ChatKey, int]:
    """The number of messages in each chat after the sequence that `upto` has for it, at most MOST."""
    wanted = msgspec.json.encode([(*key, seq) for key, seq in upto.items()]).decode()
    return {ChatKey(account, chat): number for account, chat, number in db.execute(_UNREAD, (MOST, wanted)).fetchall()}
