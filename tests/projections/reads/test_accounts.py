"""What a reader may see of the lists: the rows of their accounts, and sums of those alone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from events.decisions import Attention
from events.usage import TokenUsage
from projections.reads.chat_list import ONLY, Asked, Only
from projections.trouble import STUCK_AFTER
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, ELSEWHERE, NOON, Past

SHOP, BAKERY, BOTH = ("shop",), ("bakery",), ("bakery", "shop")


@pytest.fixture
def both(past: Past, known: Known) -> Known:
    """Three chats of the shop and one of the bakery; in all of them something is wrong, and a reply cost tokens."""
    for number, key in enumerate((ANA, BIA, ELSEWHERE)):
        past.message(f"m{number}", "lost my order", key)
        past.turn(f"t{number}", f"m{number}", key=key)
        past.reply(f"t{number}", f"m{number}", text="found your order", key=key, usage=TokenUsage(10, 5))
        past.message(f"n{number}", "and the other order", key)
        past.happened(Attention(id=f"h{number}", text="angry", by="model", at=past.now), key)
    return known.after(past)


def later(past: Past) -> datetime:
    return past.now + STUCK_AFTER + timedelta(minutes=30)


@pytest.mark.parametrize(("accounts", "chats"), [(SHOP, 2), (BAKERY, 1), (BOTH, 3), (None, 3), ((), 0), (("sho",), 0)])
def test_lists_have_the_chats_of_the_accounts(
    both: Known, past: Past, accounts: tuple[str, ...] | None, chats: int
) -> None:
    """Their pages, the numbers at their filters, the search and its count, and the chats that need a look."""
    queries, now = both.queries, later(past)
    for only in (None, *ONLY):
        page = queries.page(Asked(only=only, accounts=accounts), now, 1)
        assert page.all == (chats if only in (None, "human", "overdue") else page.all)
        assert page.all == queries.page(Asked(only=only, accounts=accounts), now, 100).all
        if only is not None:
            assert queries.marked(now, accounts)[only] == page.all
    filters: tuple[Only | None, ...] = (None, "human")
    for only in filters:
        assert queries.found("order", 1, among=(Asked(only=only, accounts=accounts), now)).all == 3 * chats
    assert len({(one.account, one.chat) for one in queries.trouble(now, accounts)}) == chats


def test_sums_are_of_the_accounts(both: Known, past: Past) -> None:
    """Messages, replies and tokens over time, and usage."""
    queries, step = both.queries, timedelta(days=1)
    for accounts, chats in ((SHOP, 2), (BAKERY, 1), (None, 3), ((), 0)):
        volumes = queries.volume(NOON, NOON, step, accounts=accounts)
        assert [(one.messages, one.replies, one.input_tokens) for one in volumes] == [(2 * chats, chats, 10 * chats)]
        assert sum(one.input_tokens for one in queries.usage(accounts=accounts)) == 10 * chats
    assert queries.usage(account="shop", accounts=BAKERY) == ()
    (none,) = queries.volume(NOON, NOON, step, ELSEWHERE, SHOP)
    assert none.messages == 0
