"""A promise that a log breaks."""

from __future__ import annotations

from typing import NamedTuple

from events.subjects import ChatKey


class Violation(NamedTuple):
    """A broken promise: in which chat, about which ids, at which sequences of the log."""

    promise: str
    key: ChatKey
    ids: tuple[str, ...]
    seqs: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.promise}: {self.key.account}/{self.key.chat} {', '.join(self.ids)} at {self.seqs}"
