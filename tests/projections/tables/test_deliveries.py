"""Replies that are not with their person, by account: they wait, were parked or failed, or will not be sent."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chat.receipts import furthest, of_whole
from events.decisions import Erased, Reply
from events.inbound import Receipt
from events.recorded import Recorded
from events.subjects import ChatKey
from projections.story.deliveries import told
from tests.chat.test_receipts import Told, missing
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, ELSEWHERE, Past


def receipt(past: Past, reply: str, state: Any, key: ChatKey = ANA, **fields: Any) -> None:
    past.happened(Receipt(id=f"{reply}.{state}", reply=reply, state=state, **fields), key)


def counts(known: Known) -> dict[str, tuple[int, int, int, int]]:
    return {one.account: (one.unsent, one.waiting, one.parked, one.failed) for one in known.queries.deliveries()}


def test_replies_wait_until_they_are_accepted(known: Known, past: Past) -> None:
    """From the account's first receipt on; a state never goes back, and a later refusal counts."""
    past.answered(1)
    receipt(past, "t1.r", "sending")
    assert counts(known.after(past)) == {"shop": (0, 1, 0, 0)}
    receipt(past, "t1.r", "accepted")
    assert counts(known.after(past)) == {}
    past.answered(2)
    waits_since = past.now
    past.answered(3, BIA)
    past.now += timedelta(hours=3)
    assert counts(known.after(past)) == {"shop": (0, 2, 0, 0)}
    assert known.queries.deliveries()[0].oldest_at == waits_since
    receipt(past, "t2.r", "parked")
    receipt(past, "t3.r", "accepted", BIA, part=1, parts=2)
    assert counts(known.after(past)) == {"shop": (0, 1, 1, 0)}
    receipt(past, "t2.r", "delivered")
    receipt(past, "t3.r", "accepted", BIA, part=2, parts=2)
    assert counts(known.after(past)) == {}
    receipt(past, "t3.r", "failed", BIA)
    receipt(past, "t2.r", "failed")
    assert counts(known.after(past)) == {"shop": (0, 0, 0, 1)}


def test_replies_from_before_the_first_gateway_are_not_sent(known: Known, past: Past) -> None:
    """They do not wait, in any chat of the account; another account has a gateway of its own."""
    past.answered(1)
    past.answered(2, BIA)
    past.answered(3, ELSEWHERE)
    assert counts(known.after(past)) == {"bakery": (1, 0, 0, 0), "shop": (2, 0, 0, 0)}
    past.answered(4)
    receipt(past, "t4.r", "accepted")
    past.answered(5, BIA)
    assert counts(known.after(past)) == {"bakery": (1, 0, 0, 0), "shop": (2, 1, 0, 0)}
    receipt(past, "t1.r", "parked")
    assert counts(known.after(past))["shop"] == (1, 1, 1, 0)


def test_an_erased_chat_counts_no_more(known: Known, past: Past) -> None:
    """Whatever its replies waited for."""
    past.answered(1)
    receipt(past, "t1.r", "failed")
    past.answered(2)
    past.answered(3, BIA)
    past.answered(4, ELSEWHERE)
    known.after(past)
    for key in (ANA, ELSEWHERE):
        past.happened(Erased(upto=len(past.events), at=past.now), key)
    assert counts(known.after(past)) == {"shop": (1, 0, 0, 0)}, "no receipt is left that shows a gateway"


def test_the_sentences(known: Known, past: Past) -> None:
    """What is amiss is told apart from what is over; an account that is not in use raises no alarm for ever."""
    past.answered(1)
    known.after(past)
    never = "no gateway has ever sent anything, and one that starts later will not send the one reply so far"
    assert told(known.queries.deliveries(), (), past.now) == [("shop", f"no gateway runs; {never}", True, True)]
    assert told(known.queries.deliveries(), (), past.now + timedelta(days=2)) == [("shop", never, False, False)]
    past.answered(2)
    receipt(past, "t2.r", "accepted")
    past.answered(3)
    views, since = known.after(past).queries.deliveries(), past.now
    waits = "1 reply waits, the oldest for 20 min; 1 reply from before its first gateway began will not be sent"
    late = since + timedelta(minutes=20)
    assert told(views, (), late) == [("shop", f"no gateway runs; {waits}", True, True)]
    assert told(views, ("shop",), late) == [("shop", waits, True, False)]
    assert told(views, None, since)[0].amiss is False
    assert told((), (), since, ["4711"]) == [("4711", "no gateway runs", True, True)]
    assert told((), ("4711",), since, ["4711"]) == []


STATES = st.sampled_from(["sending", "in_doubt", "parked", "accepted", "sent", "failed", "delivered", "read"])
KEYS = st.sampled_from((ANA, BIA, ELSEWHERE))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("reply"), KEYS, st.just(0), st.just("")),
        st.tuples(st.just("receipt"), KEYS, st.integers(0, 9), STATES),
        st.tuples(st.just("part"), KEYS, st.integers(0, 9), STATES),
        st.tuples(st.just("last"), KEYS, st.integers(0, 9), STATES),
        st.tuples(st.just("refused"), KEYS, st.integers(0, 9), st.just("sending")),
        st.tuples(st.just("erase"), KEYS, st.just(0), st.just("")),
    ),
    max_size=40,
)


_FIELDS: dict[str, dict[str, Any]] = {
    "receipt": {},
    "part": {"part": 1, "parts": 2},
    "last": {"part": 2, "parts": 2},
    "refused": {"part": 1, "parts": 2, "file": "refused"},
}


def from_the_log_alone(events: list[Recorded]) -> dict[str, tuple[int, int, int, int]]:
    """The counts by their definition."""
    erased = {one.key: one.seq for one in events if isinstance(one.event, Erased)}
    left = [one for one in events if one.seq > erased.get(one.key, 0)]
    found: dict[str, list[int]] = {}
    for one in left:
        if not isinstance(one.event, Reply):
            continue
        state, heard = None, []
        for other in left:
            said = other.event
            if isinstance(said, Receipt) and (other.key, said.reply) == (one.key, one.event.id) and other.seq > one.seq:
                state = furthest(state, of_whole(said.state, said.part, said.parts, said.template))
                heard.append(Told(said.state, said.part, said.parts, said.template, said.file))
        if state in ("accepted", "sent", "delivered", "read") and missing(heard):
            state = "failed"
        account = one.key.account
        began = min((r.seq for r in left if isinstance(r.event, Receipt) and r.key.account == account), default=None)
        place = {"sending": 1, "in_doubt": 1, "parked": 2, "failed": 3}.get(state or "")
        if state is None:
            place = 1 if began is not None and began < one.seq else 0
        if place is not None:
            found.setdefault(account, [0, 0, 0, 0])[place] += 1
    return {account: tuple(counted) for account, counted in sorted(found.items())}  # type: ignore[misc]


@settings(deadline=None, max_examples=150)
@given(STEPS, st.integers(1, 7))
def test_the_counts_are_what_the_log_says(steps: list[tuple[str, ChatKey, int, Any]], size: int) -> None:
    """For any order of replies, receipts and erasures, and any size of batches."""
    past = Past()
    for kind, key, number, state in steps:
        match kind:
            case "reply":
                past.reply(f"t{len(past.events)}", key=key)
            case "erase":
                past.happened(Erased(upto=len(past.events), at=past.now), key)
            case _:
                replies = [one.event.id for one in past.events if one.key == key and isinstance(one.event, Reply)]
                name = replies[number % len(replies)] if replies else "unknown"
                receipt(past, name, state, key, **_FIELDS[kind])
    with tempfile.TemporaryDirectory() as folder:
        known = Known(Path(folder))
        for start in range(0, len(past.events), size):
            known.projection.apply(past.events[start : start + size])
        assert counts(known) == from_the_log_alone(past.events)
        rows = known.projection.db.execute("SELECT count(*) FROM undelivered").fetchone()[0]
        assert rows == sum(sum(one[1:]) for one in counts(known).values())
        known.close()
