"""The table `set_aside`: events that changed nothing because a fold or a table could not take them."""

from __future__ import annotations

import structlog
from prometheus_client import Counter
from pysqlite3 import dbapi2 as sqlite3

from events.recorded import Recorded
from projections.database import micros, write_rows
from projections.tables.chat_row import ChatRow

SET_ASIDE = Counter("recado_events_set_aside", "Events that changed nothing because the projection could not take them")

log = structlog.get_logger("recado.projections")


class SetAside:
    """Those of the batch under way; each is told of once, when it is in the file."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._found: dict[int, tuple[ChatRow, Recorded, Exception]] = {}

    def put(self, held: ChatRow, recorded: Recorded, defect: Exception) -> None:
        self._found.setdefault(recorded.seq, (held, recorded, defect))

    def write(self) -> None:
        rows = [
            (recorded.seq, held.id, micros(recorded.at), recorded.type, type(defect).__name__)
            for held, recorded, defect in self._found.values()
        ]
        write_rows(self._db, "INSERT INTO set_aside", rows, "ON CONFLICT (seq) DO NOTHING")

    def tell(self) -> None:
        """Log and count the events that are in the file now."""
        found, self._found = self._found, {}
        for _, recorded, defect in found.values():
            reason = f"{type(defect).__name__}: {defect}"[:200]
            log.error("event_set_aside", seq=recorded.seq, chat=recorded.key.chat, type=recorded.type, reason=reason)
            SET_ASIDE.inc()
