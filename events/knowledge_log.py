"""The stream of documents: read, follow, and write one version at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

import msgspec

from events.knowledge import Document, Place, Unread, Version
from events.log import LogError
from events.phrases import Phrase
from events.settled import Outcome, Settled


class KnowledgeChanged(LogError):
    """The document was changed after it was looked at; nothing was stored."""

    def __init__(self, place: Place) -> None:
        super().__init__(
            Phrase("%(place)s was changed at the same moment, and nothing was written: look again", place=str(place))
        )
        self.place = place


class Stock(msgspec.Struct, frozen=True):
    """The documents as the leader of the stream has them.

    - `stream`: its identity: a new one, and one that was restored, have others.
    - `last`: its last sequence.
    - `newest`: the newest version of each document that can be read, also of the removed ones.
    - `unread`: the last version of each document that cannot be read.
    """

    stream: str
    last: int
    newest: dict[Place, Version]
    unread: tuple[Unread, ...] = ()

    def there(self, collection: str = "") -> list[Version]:
        """The documents that are not removed, in the order of their names."""
        return [
            version
            for place, version in sorted(self.newest.items())
            if not version.document.removed and collection in ("", place.collection)
        ]

    def last_of(self, place: Place) -> int:
        """The sequence of the document's last version, also of one that cannot be read; 0: it has none."""
        unread = [one.seq for one in self.unread if one.subject == place.subject]
        version = self.newest.get(place)
        return max([0, *unread, *([version.seq] if version is not None else [])])


class Changes(msgspec.Struct, frozen=True):
    """Versions in the order of the stream.

    - `stream`: its identity: a new one, and one that was restored, have others.
    - `is_from_start`: the first ones of the stream; all that was read before came from a stream that is gone.
    - `last`: the sequence up to which all was read.
    - `is_whole`: everything that was stored when the follower connected was read.
    """

    stream: str
    is_from_start: bool
    last: int
    versions: tuple[Version | Unread, ...]
    is_whole: bool


class KnowledgeLog(Protocol):
    """Every method but `follow` may raise LogUnavailable."""

    async def exists(self) -> bool:
        """Whether the stream is there: an instance of this release makes it."""

    async def look(self, collection: str = "") -> Stock:
        """The newest versions of a collection's documents, or of all."""

    async def write(self, place: Place, document: Document, *, expected: int) -> int:
        """Store a version if the document's last version is `expected`; 0: it has none. Returns its sequence. Raises
        KnowledgeChanged, KnowledgeUnreadable, LogFull, EventTooLarge."""

    async def last(self, place: Place) -> Version | None:
        """The document's last version; None if it has none that can be read."""

    async def version(self, seq: int) -> Version | None:
        """The version at `seq`; None if there is none that can be read."""

    async def settled(self) -> list[Settled]:
        """The drafts that were accepted or dismissed."""

    async def outcome(self, draft: Settled) -> Outcome | None:
        """The outcome of a draft; None: it has none, or one that this release cannot read."""

    async def settle(self, draft: Settled, outcome: Outcome) -> None:
        """Note the outcome of a draft; of two outcomes the first one stays. Raises LogFull."""

    def follow(self, after: int, stream: str | None) -> AsyncGenerator[Changes, None]:
        """The versions after the sequence `after` of the `stream` with this identity, and then each new one. If it
        is another stream now, it is read from its beginning. While the bus is away nothing comes, and afterwards it
        goes on; ends by `aclose`."""

    async def close(self) -> None:
        """Release the bus."""
