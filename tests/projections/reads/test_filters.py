"""The list by whose work a chat is, its state, labels and accounts: pages, counts and sums agree with each chat."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.admission import Approved, Blocked
from events.decisions import Attention, Erased, Paused, Resumed
from events.inbound import Receipt
from events.joining import Joined
from events.subjects import ChatKey
from events.teamwork import STATES, Assigned, Labelled, Noted, Resolved, label_key
from events.users import Role, Stored, StoredUser
from projections.reads.chat_list import ONLY, Asked, Only
from projections.reads.views import ChatView
from projections.trouble import OVERDUE_AFTER
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, Past
from tests.projections.reads.test_chat_pages import Memory, chat

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
USERS = ("ana", "bea")
SPELT = ("VIP", "vip", "Ｖｉｐ", "são paulo", "SÃO PAULO", "Straße", "STRASSE")
HAPPENINGS = (
    "message", "reaction", "hand", "answer", "fail", "undelivered", "human", "pause", "resume", "assign", "nobody",
    "label", "unlabel", "resolve", "reopen", "snooze", "note", "block", "approve", "erase", "join",
)  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(HAPPENINGS), st.integers(0, 5), st.integers(0, 20)), max_size=40)


def happen(past: Past, what: str, key: ChatKey, number: int) -> None:
    at, id_ = past.now, f"{what}{len(past.events)}"
    match what:
        case "message":
            past.message(id_, key=key)
        case "reaction":
            past.message(id_, key=key, kind="reaction")
        case "hand":
            past.message(id_, key=key, from_me=True)
        case "answer":
            past.message(id_, key=key)
            past.turn(f"t{id_}", id_, key=key)
            past.reply(f"t{id_}", id_, key=key)
        case "undelivered":
            past.reply(id_, key=key)
            past.happened(Receipt(id=f"{id_}:f", reply=f"{id_}.r", state="failed"), key)
        case "fail":
            past.message(id_, key=key)
            past.turn(f"t{id_}", id_, key=key)
            past.failed(f"t{id_}", id_, key=key)
        case "join":
            other = chat((number + 2) % 6)  # of the same account
            if other != key:
                past.happened(Joined(into=other.chat, at=at), key)
        case _:
            events: dict[str, Any] = {
                "human": Attention(id=id_, text="help", by="model", at=at),
                "pause": Paused(until=None, at=at),
                "resume": Resumed(at=at, cause="r"),
                "assign": Assigned(to=USERS[number % 2], at=at),
                "nobody": Assigned(to=None, at=at),
                "label": Labelled(add=(SPELT[number % 7],), at=at),
                "unlabel": Labelled(remove=(SPELT[number % 7],), at=at),
                "resolve": Resolved(state="resolved", at=at),
                "reopen": Resolved(state="open", at=at),
                "snooze": Resolved(state="snoozed", until=at + timedelta(seconds=number), at=at),
                "note": Noted(id=id_, text="a note", at=at),
                "block": Blocked(at=at),
                "approve": Approved(at=at),
                "erase": Erased(upto=len(past.events), at=at),
            }
            past.happened(events[what], key)


def stored(*users: tuple[str, Role, tuple[str, ...] | None]) -> Stored:
    """The users of a name, a role and accounts."""
    return Stored(
        1,
        {
            name: StoredUser(name=name, role=role, accounts=accounts, logins="0" * 16, at=AT, by="cli:me")
            for name, role, accounts in users
        },
    )


PEOPLE = (
    Stored(),
    stored(("zoe", "owner", None)),
    stored(("ana", "agent", None)),
    stored(("ana", "agent", ("shop",)), ("bea", "viewer", None)),
    stored(("ana", "agent", ("elsewhere", "shop")), ("bea", "agent", ("elsewhere",))),
    Stored(1, {}, frozenset({"bea"})),
)
"""Users of whom one, none or both may have a chat."""


def is_in(only: Only, view: ChatView, now: datetime, me: str, users: Stored) -> bool:
    match only:
        case "human":
            return view.asked_at is not None
        case "overdue":
            return view.asked_at is not None and view.asked_at <= now - OVERDUE_AFTER
        case "mine":
            return view.assigned == me
        case "unassigned":
            return view.assigned is None or not users.may_have(view.assigned, view.account)
        case "waiting":
            return view.unanswered_at is not None
        case "amiss":
            return not {"failed", "undelivered"}.isdisjoint(view.marks)
        case _:
            return only in view.marks


@settings(max_examples=12, deadline=None)
@given(steps=STEPS, later=st.sampled_from([0, 5, 4000]), users=st.sampled_from(PEOPLE))
def test_counts_and_pages_are_of_the_same_chats(steps: list[tuple[str, int, int]], later: int, users: Stored) -> None:
    """In each state, for each filter, within any accounts, with a sort of each kind, after every time, and
    with whatever users there are."""
    past, memory = Past(), Memory()
    for what, which, number in steps:
        happen(past, what, chat(which), number)
        memory.projection.fold(past.events[-1:] if what not in ("answer", "fail", "undelivered") else past.events)
    now = past.now + timedelta(seconds=later)
    views = memory.queries.page(Asked(), now, 100).chats
    accounts: tuple[tuple[str, ...] | None, ...] = (None, ("shop",), ("shop", "elsewhere"))
    for within, state in product(accounts, (None, *STATES)):
        here = [
            view for view in views
            if (within is None or view.account in within) and state in (None, view.state)
        ]  # fmt: skip
        counted = memory.queries.marked(now, within, state, "ana", users.all_takers)
        for only in ONLY:
            expected = {view.chat for view in here if is_in(only, view, now, "ana", users)}
            assert counted[only] == len(expected), (only, within, state)
            asked = Asked(
                only=only, me="ana", takers=users.all_takers, state=state, accounts=within,
                sort="wait" if state else None,
            )  # fmt: skip
            page = memory.queries.page(asked, now, 100)
            assert ({one.chat for one in page.chats}, page.all) == (expected, len(expected))
        labels = {label_key(one.label): one.chats for one in memory.queries.labels(now, within, state)}
        expected_labels = [label_key(label) for view in here for label in view.labels]
        assert labels == {label: expected_labels.count(label) for label in expected_labels}
    db = memory.connection()
    assert db.execute("SELECT coalesce(sum(chats), 0) FROM tallies").fetchone() == (len(views),)  # type: ignore[attr-defined]


@settings(max_examples=12, deadline=None)
@given(steps=STEPS, sort=st.sampled_from(["wait", "activity"]), only=st.sampled_from([None, "unassigned", "human"]))
def test_every_chat_is_reached_once_in_each_order(steps: list[tuple[str, int, int]], sort: Any, only: Any) -> None:
    past, memory = Past(), Memory()
    for what, which, number in steps:
        happen(past, what, chat(which), number)
    memory.projection.fold(past.events)
    whole = memory.queries.page(Asked(sort=sort, only=only), past.now, 100)
    seen: list[str] = []
    page = memory.queries.page(Asked(sort=sort, only=only), past.now, 2)
    while page.chats:
        assert (page.first, page.all) == (len(seen) + 1, whole.all)
        seen += [one.chat for one in page.chats]
        page = memory.queries.page(Asked(sort=sort, only=only, after=page.end), past.now, 2)
    assert seen == [one.chat for one in whole.chats]


def test_the_longest_wait_comes_first(known: Known, past: Past) -> None:
    """Chats that wait for us or for a human by the time since when they do, then the others, the latest first."""
    past.message("m1", key=chat(1))
    past.answered(2, key=chat(2))
    past.happened(Attention(id="a", text="help", by="model", at=past.now), chat(2))
    past.answered(3, key=chat(3))
    past.message("m4", key=chat(4))
    past.answered(5, key=chat(5))
    past.message("again", key=chat(1))
    known.after(past)
    page = known.queries.page(Asked(sort="wait"), past.now, 10)
    assert [one.chat for one in page.chats] == [chat(which).chat for which in (1, 2, 4, 5, 3)]


@pytest.mark.parametrize("asked", ["vip", "VIP", " Vip ", "ｖｉｐ"])
def test_a_label_is_found_in_any_spelling(known: Known, past: Past, asked: str) -> None:
    past.message("m1")
    past.happened(Labelled(add=("VIP", "new"), at=past.now))
    past.message("m2", key=BIA)
    past.happened(Labelled(add=("new",), at=past.now), BIA)
    known.after(past)
    assert [one.chat for one in known.queries.page(Asked(label=asked), past.now, 10).chats] == [ANA.chat]


def test_what_is_outside_the_accounts_is_in_no_answer(known: Known, past: Past) -> None:
    """Neither a page, nor a count, a label, a search, nor the trouble above the list tells of it."""
    past.message("m1", "a secret word", key=ANA)
    past.happened(Labelled(add=("Secret",), at=past.now), ANA)
    past.failed("t", "m1", error="broken")
    past.happened(Attention(id="a", text="help", by="model", at=past.now), ANA)
    known.after(past)
    late = past.now + timedelta(days=1)
    ask = known.queries
    tellers: tuple[Callable[[tuple[str, ...] | None], object], ...] = (
        lambda accounts: ask.page(Asked(accounts=accounts), late, 10).all,
        lambda accounts: ask.page(Asked(accounts=accounts, only="human"), late, 10).all,
        lambda accounts: ask.marked(late, accounts)["overdue"],
        lambda accounts: ask.marked(late, accounts)["failed"],
        lambda accounts: ask.labels(late, accounts),
        lambda accounts: ask.found("secret", 10, among=(Asked(accounts=accounts), late)).hits,
        lambda accounts: ask.trouble(late, accounts),
    )
    for number, tells in enumerate(tellers):
        assert tells(None), number
        assert tells(("shop",)), number
        assert not tells(("bakery",)), number
        assert not tells(()), number


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Asked(label="vip"), ["m1"]),
        (Asked(state="resolved"), ["m2"]),
        (Asked(state="open"), ["m3", "m1"]),
        (Asked(state="snoozed"), ["m4"]),
        (Asked(only="mine", me="ana"), ["m2"]),
        (Asked(assigned="ana"), ["m2"]),
        (Asked(only="human", label="vip"), []),
        (Asked(account="bakery"), ["m3", "m1"]),
        (Asked(account="bakery", label="new"), []),
        (Asked(), ["m4", "m3", "m2", "m1"]),
    ],
)
def test_messages_are_found_in_the_chats_of_the_list_alone(
    known: Known, past: Past, asked: Asked, found: list[str]
) -> None:
    """Each filter holds for the messages as for the chats beside them."""
    for number, which in ((1, 1), (2, 2), (3, 3), (4, 4)):
        past.message(f"m{number}", "pizza", key=chat(which))
    past.happened(Labelled(add=("VIP",), at=past.now), chat(1))
    past.happened(Labelled(add=("new",), at=past.now), chat(2))
    past.happened(Assigned(to="ana", at=past.now), chat(2))
    past.happened(Resolved(state="resolved", at=past.now), chat(2))
    past.happened(Resolved(state="snoozed", until=past.now + timedelta(days=1), at=past.now), chat(4))
    known.after(past)
    hits = known.queries.found("pizza", 10, among=(asked, past.now)).hits
    assert [hit.entry.id for hit in hits] == found
