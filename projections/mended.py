"""Counts fields that had a wrong form in the log, and were converted or left out; see events.lenient."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from prometheus_client import Counter

from events.recorded import Recorded

MENDED = Counter(
    "recado_fields_mended", "Fields of messages that had a wrong form, by what became of them.", ["field", "outcome"]
)

log = structlog.get_logger("recado.projections")


def tell_of_mended(batch: Sequence[Recorded]) -> None:
    """Count and log the mended fields of events that were read for the first time."""
    for recorded in batch:
        if recorded.left_out or recorded.converted:
            for outcome in ("left_out", "converted"):
                for field in getattr(recorded, outcome):
                    MENDED.labels(f"{recorded.type}.{field}", outcome).inc()
            log.warning(
                "fields_mended", account=recorded.key.account, seq=recorded.seq, type=recorded.type,
                left_out=list(recorded.left_out)[:8], converted=list(recorded.converted)[:8],
            )  # fmt: skip
