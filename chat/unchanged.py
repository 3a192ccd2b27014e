"""Finds the orders that change nothing, by the chat before and after their decision."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from chat.commands import Facts
from chat.evolve import evolve
from chat.state import Chat
from chat.teamwork import state_at, state_of
from events.decisions import TYPE_OF, Standing
from events.recorded import Recorded


def is_unchanged(chat: Chat, decision: Standing, facts: Facts) -> bool:
    """True if the chat stood before as it stands after the decision."""
    seq = max(chat.inbound_seq, chat.decision_seq) + 1
    recorded = Recorded(seq, facts.key, "o", TYPE_OF[type(decision)], facts.at, "", decision)
    return _standing(evolve(chat, recorded), facts.at) == _standing(chat, facts.at)


def _standing(chat: Chat, now: datetime) -> Chat:
    """The chat as it is read at `now`, without the cursors and orders that each decision moves."""
    state = state_at(state_of(chat), chat.snoozed_until, now)
    return replace(
        chat,
        decision_seq=0,
        orders=(),
        labels=tuple(sorted(chat.labels)),
        state=state,
        state_upto=0,
        snoozed_until=chat.snoozed_until if state == "snoozed" else None,
    )
