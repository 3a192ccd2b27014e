"""Opens this machine's projection for commands that read it. A module of its own, because commands that ask only the
bus need no SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from events.subjects import ChatKey
from gateways.addressing import the_one
from gateways.names.number_plans import other_forms
from projections.reads.queries import Queries
from projections.reads.reader import Reader
from recado.settings.settings import Settings


@contextmanager
def queries(chosen: Settings) -> Iterator[Queries]:
    """The projection of RECADO_DATA, read only."""
    with closing(Reader(chosen.data)) as reader:
        yield Queries(reader)


def meant_here(projection: Queries, chat: str, account: str | None) -> ChatKey:
    """The chat of the person with this name, in the account that knows it, as the projection says. Raises ChatUnknown,
    ChatAmbiguous, ProjectionMissing."""
    known, forms = projection.known(chat), other_forms(chat)
    people = projection.open_chats((chat, *forms))
    for form in forms:
        for where, counts in projection.known(form).items():
            if where not in known:
                people.setdefault(where, form)
                known[where] = counts
    for where, canonical in people.items():
        known[where] = projection.known(canonical).get(where, known.get(where, {}))
    key = the_one(chat, known, account)
    return ChatKey(key.account, people.get(key.account, key.chat))
