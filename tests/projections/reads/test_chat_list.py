"""The list of chats, and where a chat had a message first."""

from __future__ import annotations

import pytest

from projections.reads import queries
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, ELSEWHERE, GROUP, Past


def test_the_latest_activity_comes_first(known: Known, past: Past) -> None:
    """Of one account or of all; of chats with the same moment the older chat comes first."""
    past.message("m1")
    past.message("m2", key=BIA)
    past.happened(past.last.event, GROUP, later=past.now - past.now)
    past.message("m4", key=ELSEWHERE)
    past.message("m5")
    known.after(past)
    assert [(chat.account, chat.chat) for chat in known.queries.chats()] == [ANA, ELSEWHERE, BIA, GROUP]
    assert [chat.chat for chat in known.queries.chats("shop")] == [ANA.chat, BIA.chat, GROUP.chat]
    assert [chat.chat for chat in known.queries.chats("shop", 2)] == [ANA.chat, BIA.chat]
    assert known.queries.chats("nobody") == ()


def test_the_list_is_read_from_an_index(known: Known) -> None:
    """However many chats there are: nothing is sorted, and only the chats of the page are read themselves."""
    plan = [row[3] for row in known.projection.db.execute(f"EXPLAIN QUERY PLAN {queries._LISTED}", ("shop", 50))]
    assert plan == ["SCAN chats USING COVERING INDEX listed"]


@pytest.mark.parametrize("count", [1, 200])
def test_the_first_chat_of_a_message(known: Known, past: Past, count: int) -> None:
    """Repeats count for nothing, unknown ids are left out, and other chats' messages of the same id are theirs."""
    past.message("m0", key=BIA)
    for _ in range(2):
        for number in range(count):
            past.message(f"m{number}")
    known.after(past)
    asked = [f"m{number}" for number in range(count)]
    expected = {f"m{number}": number + 2 for number in range(count)}
    assert known.queries.firsts(ANA, [*asked, "unknown", *asked]) == expected
    assert known.queries.firsts(ANA, []) == {}
