"""Opens this machine's projection for commands that read it. A module of its own, because commands that ask only the
bus need no SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from events.subjects import ChatKey
from gateways.addressing import the_one
from projections.reads.queries import Queries
from projections.reads.reader import Reader
from recado.settings.settings import Settings


@contextmanager
def queries(chosen: Settings) -> Iterator[Queries]:
    """The projection of RECADO_DATA, read only."""
    with closing(Reader(chosen.data)) as reader:
        yield Queries(reader)


def meant_here(projection: Queries, chat: str, account: str | None) -> ChatKey:
    """The chat in the account that knows it, as the projection says. Raises ChatUnknown, ChatAmbiguous,
    ProjectionMissing."""
    return the_one(chat, projection.known(chat), account)
