"""How far a whole reply has come, by its receipts: repeated, in any order, with files that were refused."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.receipts import Progress, furthest, of_whole

PARTS = 3


class Told(NamedTuple):
    """The fields of a receipt that count."""

    state: Any
    part: int = 0
    parts: int = 0
    template: str | None = None
    file: str = ""


STATES = st.sampled_from(["sending", "in_doubt", "parked", "accepted", "sent", "failed", "delivered", "read"])
RECEIPTS = st.lists(
    st.builds(
        Told,
        STATES,
        st.integers(1, PARTS),
        st.just(PARTS),
        st.sampled_from([None, None, None, "hello:en"]),
        st.sampled_from(["", "", "", "refused", "reading"]),
    ),
    max_size=12,
)


def progress(told: list[Told]) -> Progress:
    found = Progress()
    for one in told:
        found = found.after(*one)
    return found


def missing(told: list[Told]) -> set[int]:
    """The messages that did not arrive as they were meant, by the definition."""
    own = [one for one in told if one.template is None]
    arrived = {one.part for one in own if one.state in ("delivered", "read") and not one.file}
    failed = {one.part for one in own if one.state == "failed" and not one.file}
    return {one.part for one in own if one.file} | failed - arrived


@given(RECEIPTS, st.randoms(use_true_random=False))
def test_any_order_and_any_number_of_times(told: list[Told], chance: random.Random) -> None:
    """The same receipts give the same progress, and that is what its definition says."""
    found = progress(told)
    again = told + chance.choices(told, k=len(told)) if told else []
    chance.shuffle(again)
    assert progress(again) == found
    state = None
    for one in told:
        state = furthest(state, of_whole(*one[:4]))
    assert found.state == state
    assert found.missing == missing(told)
    taken = state in ("accepted", "sent", "delivered", "read")
    assert found.counts_as == ("failed" if taken and missing(told) else state)
    assert all(found.after(*one) is found for one in told), "nothing new makes no new object"
    assert msgspec.json.decode(msgspec.json.encode(found), type=Progress) == found


@pytest.mark.parametrize("refused", [{1}, {2}, {3}, {1, 3}, {1, 2, 3}])
def test_a_reply_with_a_refused_file_did_not_arrive(refused: set[int]) -> None:
    """Whichever it was, and also after its plain reading was read."""
    told = [Told("accepted", part, 3) for part in (1, 2, 3)]
    told += [Told("sending", part, 3, file="refused") for part in refused]
    told += [Told("read", part, 3, file="reading") for part in refused]
    told += [Told("read", part, 3) for part in {1, 2, 3} - refused]
    found = progress(told)
    assert (found.state, found.counts_as, found.missing) == ("read", "failed", refused)


def test_a_failed_message_that_arrived_after_all() -> None:
    """A provider's states may come in any order; a message that is on the phone did not fail."""
    told = [Told("failed", 1, 2), Told("delivered", 2, 2)]
    assert progress(told).counts_as == "failed"
    assert progress([*told, Told("delivered", 1, 2)]).counts_as == "delivered"


def test_numbers_without_end_take_no_memory() -> None:
    """A program on the bus may write any number into a receipt."""
    found = Progress()
    for part in range(10_000):
        found = found.after("failed", part, 2**53)
    assert len(msgspec.json.encode(found)) < 1000
