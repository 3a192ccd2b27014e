"""The list of chats page by page: every chat is reached, counted, and told where it moved meanwhile."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.decisions import Attention, Erased, Paused
from events.inbound import Receipt
from events.subjects import ChatKey
from projections.database import create_in_memory
from projections.in_memory import InMemoryProjection
from projections.reads.chat_list import ONLY, Asked, ChatPage, Only
from projections.reads.queries import Queries
from projections.tables.marks import MARKS
from projections.trouble import OVERDUE_AFTER
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, STREAM, Past

LIMIT = 3
ORDERS = st.lists(st.tuples(st.integers(0, 11), st.booleans()), min_size=1, max_size=24)


def chat(number: int) -> ChatKey:
    return ChatKey(("shop", "bakery")[number % 2], f"55119800000{number:02}@s.whatsapp.net")


class Memory:
    """Queries on a projection in memory."""

    def __init__(self) -> None:
        self.projection = InMemoryProjection(create_in_memory(STREAM))
        self.queries = Queries(self)  # type: ignore[arg-type]

    def transaction(self) -> Memory:
        return self

    def __enter__(self) -> object:
        return self.connection()

    def __exit__(self, *_: object) -> None:
        pass

    def connection(self) -> object:
        return self.projection.connection()


def names(page: ChatPage) -> list[str]:
    return [one.chat for one in page.chats]


@settings(max_examples=40, deadline=None)
@given(
    arrivals=ORDERS,
    asked=st.sampled_from([
        Asked(), Asked(only="human"), Asked(only="failed"), Asked(words="ana"), Asked(account="shop"),
        Asked(only="overdue", words="1"),
    ]),
)  # fmt: skip
def test_every_chat_is_reached_once(arrivals: list[tuple[int, bool]], asked: Asked) -> None:
    """Forth and back, in any order of arrival, also of chats with the same moment, with every filter; each page says
    how many there are and which these are."""
    past, memory = Past(), Memory()
    for number, (which, same) in enumerate(arrivals):
        later = timedelta(0) if same else timedelta(seconds=1)
        past.now += later - timedelta(seconds=1)
        past.message(f"m{number}", key=chat(which), name="Ana" if which % 3 else "Bia")
        if which % 4 == 1:
            past.now -= timedelta(seconds=1)
            past.happened(Attention(id=f"{number}.h", text="help", by="model", at=past.now), chat(which))
        if which % 4 == 2:
            past.turn(f"t{number}", f"m{number}", key=chat(which))
            past.failed(f"t{number}", f"m{number}", key=chat(which))
    memory.projection.fold(past.events)
    now = past.now + OVERDUE_AFTER
    whole = memory.queries.page(asked, now, 100)
    assert whole.all == len(whole.chats) == len(set(names(whole)))
    seen: list[str] = []
    page = memory.queries.page(asked, now, LIMIT)
    pages: list[ChatPage] = []
    while page.chats:
        assert (page.all, page.first) == (whole.all, len(seen) + 1)
        assert len(page.chats) == LIMIT or page.last == page.all
        seen += names(page)
        pages.append(page)
        page = memory.queries.page(given_after(asked, page), now, LIMIT)
    assert seen == names(whole)
    for earlier, later_page in pairwise(pages):
        assert memory.queries.page(given_before(asked, later_page), now, LIMIT) == earlier


def given_after(asked: Asked, page: ChatPage, since: int | None = None) -> Asked:
    return Asked(only=asked.only, words=asked.words, account=asked.account, after=page.end, since=since)


def given_before(asked: Asked, page: ChatPage) -> Asked:
    return Asked(only=asked.only, words=asked.words, account=asked.account, before=page.begin)


@settings(max_examples=40, deadline=None)
@given(moves=st.lists(st.lists(st.integers(0, 11), max_size=3), min_size=3, max_size=3))
def test_no_chat_is_skipped_unsaid(moves: list[list[int]]) -> None:
    """Chats that write while one pages move to the front: the next page says how many did."""
    past, memory = Past(), Memory()
    for number in range(10):
        past.message(f"m{number}", key=chat(number))
    memory.projection.fold(past.events)
    page = memory.queries.page(Asked(), past.now, LIMIT)
    begin, seen, told = page.begin, set(names(page)), 0
    assert begin is not None
    for step, movers in enumerate(moves):
        if page.end is None:  # the reader is at the end
            moves = moves[:step]
            break
        for which in movers:
            past.message(f"n{step}.{which}.{len(past.events)}", key=chat(which))
        memory.projection.fold(past.events)
        page = memory.queries.page(given_after(Asked(), page, begin.at), past.now, LIMIT)
        seen |= set(names(page))
        told = page.moved
    moved = {chat(which).chat for movers in moves for which in movers}
    there = {one.chat for one in memory.queries.chats()}
    assert told == len(moved)
    assert there - seen <= moved


def test_each_filter(known: Known, past: Past) -> None:
    """Each leaves its chats alone, and their number is told beside it."""
    assert marked(known, past) == dict.fromkeys(ONLY, 0)
    for number, state in enumerate(("failed", "parked", None, "accepted")):
        past.message("m", key=chat(number))
        past.turn("t", "m", key=chat(number))
        past.reply("t", "m", key=chat(number))
        if state:
            past.happened(Receipt(id="r", reply="t.r", state=state), chat(number))
    past.message("m", key=ANA)
    past.turn("t", "m")
    past.failed("t", "m")
    past.happened(Paused(until=None, at=past.now), BIA)
    past.happened(Attention(id="a.h", text="help", by="model", at=past.now), chat(3))
    known.after(past)
    asked_at = past.now
    expected: dict[Only, ChatKey] = {
        "human": chat(3), "undelivered": chat(0), "unsure": chat(1), "unsent": chat(2), "failed": ANA, "paused": BIA,
    }  # fmt: skip
    for only, key in expected.items():
        page = known.queries.page(Asked(only=only), past.now, 10)
        assert [(one.account, one.chat) for one in page.chats] == [key]
        assert only == "human" or page.chats[0].marks == (only,)
    others = {"overdue": 0, "mine": 0, "unassigned": 6, "amiss": 2}
    assert marked(known, past) == dict.fromkeys(ONLY, 1) | others
    past.now = asked_at + OVERDUE_AFTER - timedelta(seconds=1)
    assert marked(known, past)["overdue"] == 0
    past.now = asked_at + OVERDUE_AFTER
    assert marked(known, past)["overdue"] == 1
    assert names(known.queries.page(Asked(only="overdue"), past.now, 10)) == [chat(3).chat]


def marked(known: Known, past: Past) -> dict[Only, int]:
    return known.queries.marked(past.now)


def marks(known: Known, past: Past) -> tuple[str, ...]:
    view = known.after(past).queries.chat(ANA)
    assert view is not None
    return view.marks


def test_a_mark_goes_once_the_chat_got_further(known: Known, past: Past) -> None:
    """A failed turn with the next answer, but not with the apology; what did not arrive with the next that did; and
    receipts in any order."""
    past.message("m1")
    past.turn("t1", "m1")
    past.failed("t1", "m1")
    past.apology("t1")
    assert marks(known, past) == ("failed", "unsent")
    past.said("Here I am.", control="c1")
    past.happened(Receipt(id="r1", reply="t1.a", state="sending"))
    assert marks(known, past) == ("unsent",)
    for reply, state, expected in (
        ("t1.a", "failed", ("undelivered", "unsent")),
        ("c1.r", "parked", ("undelivered", "unsure")),
        ("c1.r", "accepted", ()),
        ("t1.a", "failed", ()),
        ("c1.r", "failed", ("undelivered",)),
        ("c1.r", "delivered", ()),
        ("c1.r", "failed", ()),
        ("nothing", "failed", ()),
    ):
        past.happened(Receipt(id=f"r{len(past.events)}", reply=reply, state=state))  # type: ignore[arg-type]
        assert marks(known, past) == expected, (reply, state)
    past.said("in parts", control="c2")
    past.happened(Receipt(id="p1", reply="c2.r", state="accepted", part=1, parts=2))
    assert marks(known, past) == ("unsent",)
    past.happened(Receipt(id="p2", reply="c2.r", state="accepted", part=2, parts=2))
    assert marks(known, past) == ()


def test_however_many_replies_wait(known: Known, past: Past) -> None:
    """The chat keeps a few of them, and its mark until the last one is sent."""
    for number in range(100):
        past.said("hello", control=f"c{number}")
    assert marks(known, past) == ("unsent",)
    for number in range(100):
        past.happened(Receipt(id=f"r{number}", reply=f"c{number}.r", state="accepted"))
        assert marks(known, past) == (("unsent",) if number < 99 else ())
    (kept,) = known.projection.db.execute("SELECT max(length(outgoing)) FROM chats").fetchone()
    assert kept < 400


def test_an_erased_chat_is_in_no_list(known: Known, past: Past) -> None:
    past.message("m1", name="Ana")
    past.turn("t1", "m1")
    past.failed("t1", "m1")
    past.happened(Erased(upto=len(past.events), at=past.now))
    past.happened(Erased(upto=len(past.events) - 1, at=past.now, done=True))
    past.message("m2", key=BIA)
    known.after(past)
    page = known.queries.page(Asked(), past.now, 10)
    assert (names(page), page.all) == ([BIA.chat], 1)
    assert known.queries.page(Asked(words="ana"), past.now, 10).all == 0
    assert marked(known, past)["failed"] == 0
    past.happened(Receipt(id="r", reply="t1.r", state="failed"))
    assert known.after(past).queries.page(Asked(), past.now, 10).all == 1


def test_the_reason_of_an_attention_is_searched_while_it_is_open(known: Known, past: Past) -> None:
    past.message("m1", name="Zoë")
    past.happened(Attention(id="t1.h", text="Möchte ihr GELD zurück", by="model", at=past.now))
    known.after(past)
    for words in ("mochte geld", "zoe zuruck"):
        assert known.queries.page(Asked(words=words), past.now, 10).all == 1
    past.said("Here.")
    known.after(past)
    assert known.queries.page(Asked(words="geld"), past.now, 10).all == 0
    assert known.queries.page(Asked(words="zoe"), past.now, 10).all == 1


@pytest.mark.parametrize(
    ("kind", "media"), [("image", None), ("sticker", None), ("location", None), ("unsupported", None)]
)
def test_last_words_say_who_and_what(known: Known, past: Past, kind: str, media: None) -> None:
    past.message("m1", "", kind=kind, name="Ana", media=media)
    view = known.after(past).queries.chat(ANA)
    assert view is not None
    assert view.last is not None
    assert (view.last.author, view.last.kind, view.last.name) == ("person", kind, "Ana")
    past.said("Thank you")
    view = known.after(past).queries.chat(ANA)
    assert view is not None
    assert view.last is not None
    assert (view.last.author, view.last.text) == ("operator", "Thank you")


def test_only_the_words_of_an_operator_bear_a_user(known: Known, past: Past) -> None:
    """The assistant's words that an order brought about are its own, as in the conversation."""
    past.control("c1", "retry", by="bea")
    past.reply("t1", text="Hello", cause="c1")
    view = known.after(past).queries.chat(ANA)
    assert view is not None
    assert view.last is not None
    assert (view.last.author, view.last.by) == ("assistant", None)
    past.control("c2", "reply", by="bea", text="Thank you")
    past.said("Thank you", control="c2")
    view = known.after(past).queries.chat(ANA)
    assert view is not None
    assert view.last is not None
    assert (view.last.author, view.last.by) == ("operator", "bea")


def test_marks_are_all_filters() -> None:
    assert set(MARKS) < set(ONLY)
