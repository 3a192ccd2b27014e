"""The port between the desk and the documents of a bus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from actors.tools.look_up import Knowledge
from events.knowledge import Document, Place, Version
from events.knowledge_log import Stock
from events.settled import Outcome, Settled
from events.vectors import Counted
from projections.knowledge.index import Text


class Indexed(msgspec.Struct, frozen=True):
    """The index of this process.

    - `last`: the sequence up to which it has the stream.
    - `unfound`: by sequence, the versions of which it has no piece, and why.
    """

    last: int
    unfound: Mapping[int, str]


class Meant(msgspec.Struct, frozen=True):
    """The share of a collection that is found by its meaning.

    - `pieces`: all of them.
    - `lacking`: pieces without a vector, which are found by their words alone.
    """

    pieces: int
    lacking: int


class DocumentDesk(Knowledge, Protocol):
    """Documents as the desk needs them. Calls that wait for the bus may raise LogError."""

    async def look(self, collection: str = "") -> Stock:
        """The newest versions of a collection's documents, or of all."""

    async def indexed(self) -> Indexed:
        """The state of the index."""

    async def meant(self, collection: str) -> Meant | None:
        """The share of the collection that is found by its meaning; None: no model for that is named."""

    async def text_of(self, version: Version) -> Text:
        """The text of a document, or why there is none. Tries for as long as the bus is away."""

    async def write(self, place: Place, document: Document, *, expected: int) -> int:
        """Store a version if the document's last version is `expected`; 0: it has none. Returns its sequence. Raises
        KnowledgeChanged, KnowledgeUnreadable."""

    async def counted(self, since: str) -> Sequence[Counted]:
        """The tokens that vectors of documents have cost, from the day `since` on."""

    async def settled(self) -> list[Settled]:
        """The drafts that were accepted or dismissed."""

    async def outcome(self, draft: Settled) -> Outcome | None:
        """The outcome of a draft; None: it has none, or one that this release cannot read."""

    async def settle(self, draft: Settled, outcome: Outcome) -> None:
        """Note the outcome of a draft; of two outcomes the first one stays."""
