"""Messages that were read from the log and are not committed yet, so that a chat can be answered before the disk write.

A crash loses nothing: the log has them, and the next start folds them again. Only chats in memory get events early; a
chat that has to be woken wakes from its snapshot, and so waits for the commit.
"""

from __future__ import annotations

from collections.abc import Sequence

from events.decisions import Erased
from events.inbound import Message, Receipt
from events.joining import Joined
from events.recorded import Recorded, Unknown, Unreadable
from events.subjects import ChatKey


def may_go_early(batch: Sequence[Recorded]) -> bool:
    """True if the events may be delivered before their commit.

    Edits, controls, erasures, joinings and files wait for the commit, because their handlers read the database.
    """
    return all(_is_plain(recorded) for recorded in batch)


class UncommittedMessages:
    """The messages of the batches that were delivered early, by id."""

    def __init__(self) -> None:
        self._messages: dict[tuple[ChatKey, str], Recorded] = {}

    def add(self, batch: Sequence[Recorded]) -> None:
        """Add the messages of a batch; of two with one id the first counts."""
        for recorded in batch:
            if isinstance(recorded.event, Message):
                self._messages.setdefault((recorded.key, recorded.event.id), recorded)

    def drop(self, upto: int) -> None:
        """Drop the messages up to this sequence: the file has them."""
        messages = self._messages
        while messages and messages[first := next(iter(messages))].seq <= upto:
            del messages[first]

    def of(self, key: ChatKey, id_: str) -> Recorded | None:
        """The message with this id, unless the file has it."""
        return self._messages.get((key, id_))


def _is_plain(recorded: Recorded) -> bool:
    event = recorded.event
    if recorded.side == "o":
        return not isinstance(event, Erased | Joined | Unreadable | Unknown)
    return isinstance(event, Receipt) or (isinstance(event, Message) and event.media is None)
