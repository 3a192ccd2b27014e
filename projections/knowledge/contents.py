"""Tells the contents of collections, by the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.knowledge_contents import Contents

MOST_NAMES = 30


def contents(db: sqlite3.Connection, collections: Sequence[str]) -> Contents:
    """The documents that can be found. A part of a transaction of its caller."""
    rows = db.execute(
        "SELECT name, language FROM json_each(?) AS some JOIN documents ON collection = some.value "
        "WHERE EXISTS (SELECT 1 FROM pieces WHERE document = documents.id) ORDER BY some.key, name",
        (msgspec.json.encode(collections).decode(),),
    ).fetchall()
    names = list(dict.fromkeys(name for name, _ in rows))
    languages = Counter(language for _, language in rows if language)
    return Contents(
        languages=tuple(sorted(languages, key=lambda one: (-languages[one], one))),
        names=tuple(names[:MOST_NAMES]),
        others=len(names[MOST_NAMES:]),
    )
