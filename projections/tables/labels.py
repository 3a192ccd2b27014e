"""The table `labels`: the labels of each chat, so that lists find chats by them."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.teamwork import label_key
from projections.database import write_rows
from projections.tables.chat_row import ChatRow

_CLEAR = "DELETE FROM labels WHERE chat IN (SELECT value FROM json_each(?))"


def write_labels(db: sqlite3.Connection, chats: Collection[ChatRow]) -> None:
    """Write the labels of those among these chats whose labels are not as in the table. Their rows are written."""
    changed = [held for held in chats if held.labels != held.state.labels]
    if not changed:
        return
    db.execute(_CLEAR, (msgspec.json.encode([held.id for held in changed]).decode(),))
    rows = [(label_key(label), held.key.account, held.id, label) for held in changed for label in held.state.labels]
    write_rows(db, "INSERT INTO labels", rows)
    for held in changed:
        held.labels = held.state.labels
