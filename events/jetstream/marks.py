"""The marks of the log in the metadata of its stream, and the logs that this release must not use."""

from __future__ import annotations

from events import codec
from events.jetstream.api import StreamInfo
from events.log import LogMismatch
from events.numbers import whole_number
from events.phrases import Phrase

RESTORING = "recado.restoring"
"""In the metadata of the log: the log was restored from a backup, and its open work is not settled yet."""

READS = "recado.reads"
"""In the metadata of the log: the set of types (`codec.READS`) that a reader of the log has to know."""


def check_readable(info: StreamInfo) -> None:
    """Raises LogMismatch if a restore is under way, or only a newer release reads the log."""
    if RESTORING in info.config.get("metadata", {}):
        raise LogMismatch(
            Phrase(
                "the log is being put back from a backup: start again when recado restore has ended. If it was "
                "interrupted, run it again with the same file"
            )
        )
    needed = info.config.get("metadata", {}).get(READS, "1")
    if (reads := whole_number(needed)) is None or reads > codec.READS:
        raise LogMismatch(
            Phrase(
                "the log has events that only a newer recado reads (set %(needed)s, this release reads %(reads)s): "
                "start the newer release again",
                needed=needed[:20],
                reads=codec.READS,
            )
        )
