"""A chat with those that closed into it: one person's conversation lies in all of them."""

from __future__ import annotations

from pysqlite3 import dbapi2 as sqlite3

from events.subjects import ChatKey

_CHAT = "SELECT id, joints FROM chats WHERE account = ? AND chat = ?"
_JOINTS = "SELECT id FROM chats WHERE account = ? AND chat IN (SELECT value FROM json_each(?)) ORDER BY id"


def family(db: sqlite3.Connection, key: ChatKey) -> tuple[int, ...]:
    """The numbers of the chat and of those that closed into it; none if the chat is unknown."""
    row = db.execute(_CHAT, key).fetchone()
    if row is None:
        return ()
    number, joints = row
    if joints is None:
        return (number,)
    return (number, *(other for (other,) in db.execute(_JOINTS, (key.account, joints))))


def one_of(numbers: tuple[int, ...]) -> str:
    """The condition that a column is one of these numbers, but for the column's name."""
    if len(numbers) == 1:
        return f"= {numbers[0]}"
    return f"IN ({', '.join(map(str, numbers))})"
