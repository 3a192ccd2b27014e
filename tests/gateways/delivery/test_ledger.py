"""The ledger: the pending replies follow from the log alone, in any order of the receipts."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.receipts import furthest, is_settled
from events.decisions import Erased, Reply
from events.inbound import Receipt, ReceiptState
from events.recorded import Recorded, Unreadable
from events.subjects import ChatKey
from gateways.delivery.ledger import Ledger
from tests.gateways.replies import ANA, NOON, TOM, reply

STATES: tuple[ReceiptState, ...] = (
    "sending", "in_doubt", "parked", "accepted", "sent", "failed", "delivered", "read",
)  # fmt: skip
SETTLED = {"parked", "accepted", "sent", "failed", "delivered", "read"}


class Told:
    """A ledger that is told events one a second from noon on."""

    def __init__(self, since: int = 0) -> None:
        self.ledger = Ledger(NOON + timedelta(seconds=since))
        self.seq = 0

    def event(self, event: Reply | Erased | Receipt | Unreadable, key: ChatKey = ANA) -> int:
        self.seq += 1
        side, type_ = ("o", "reply") if isinstance(event, Reply | Erased) else ("i", "receipt")
        self.ledger.fold(Recorded(self.seq, key, side, type_, NOON + timedelta(seconds=self.seq), "", event))
        return self.seq

    def receipt(self, id_: str, state: ReceiptState, by: str = "me", key: ChatKey = ANA) -> int:
        return self.event(Receipt(id=f"{by}.{id_}", reply=id_, state=state), key)

    def next(self, key: ChatKey = ANA) -> str | None:
        pending = self.ledger.next(key.chat)
        return pending.reply.id if pending else None


@given(st.lists(st.sampled_from(STATES), min_size=1))
def test_a_state_never_runs_backwards(states: list[ReceiptState]) -> None:
    """However receipts are ordered and repeated, the furthest of them is the state."""
    reached: list[ReceiptState] = []
    state: ReceiptState | None = None
    for step in states:
        state = furthest(state, step)
        reached.append(state)
    settled = [is_settled(step) for step in reached]
    assert settled == sorted(settled), "what is settled stays settled"
    for order in (sorted(states), sorted(states, reverse=True), states * 2):
        other: ReceiptState | None = None
        for step in order:
            other = furthest(other, step)
        assert other == state


@pytest.mark.parametrize("state", STATES)
def test_a_reply_is_owed_until_its_outcome_is_known(state: ReceiptState) -> None:
    """`sending` and `in_doubt` say that nobody knows; every other state settles the reply."""
    told = Told()
    told.event(reply("r1"))
    told.receipt("r1", state)
    assert told.next() == (None if state in SETTLED else "r1")


def test_a_provider_may_refuse_after_it_accepted() -> None:
    """`failed` behind `accepted` counts; behind `delivered` it does not."""
    assert furthest("accepted", "failed") == "failed"
    assert furthest("delivered", "failed") == "delivered"


def test_a_chats_replies_are_owed_in_log_order() -> None:
    """The oldest pending reply of each chat is next, and chats do not wait for each other."""
    told = Told()
    told.event(reply("a1"))
    told.event(reply("t1", TOM), TOM)
    told.event(reply("a2"))
    assert (told.next(), told.next(TOM)) == ("a1", "t1")
    told.receipt("a1", "delivered")
    assert (told.next(), told.next(TOM)) == ("a2", "t1")
    told.receipt("a2", "failed")
    assert told.ledger.chats == (TOM.chat,)


def test_the_first_claim_counts() -> None:
    """Two gateways that began to send the same reply: the one whose receipt stands first has it."""
    told = Told()
    told.event(reply("r1"))
    told.receipt("r1", "sending", by="first")
    told.receipt("r1", "sending", by="second")
    pending = told.ledger.next(ANA.chat)
    assert pending is not None
    assert pending.claim == "first.r1"


def test_the_same_reply_id_in_two_chats_is_two_replies() -> None:
    """A receipt settles the reply of its own chat."""
    told = Told()
    told.event(reply("r1"))
    told.event(reply("r1", TOM), TOM)
    told.receipt("r1", "delivered", key=TOM)
    assert (told.next(), told.next(TOM)) == ("r1", None)


def test_the_checkpoint_never_passes_an_owed_reply() -> None:
    """It stays before the oldest pending reply, and is the last event read when no reply is pending."""
    told = Told()
    assert told.ledger.checkpoint == 0
    first = told.event(reply("r1"))
    second = told.event(reply("r2"))
    told.receipt("r2", "delivered")
    assert told.ledger.checkpoint == first - 1
    last = told.receipt("r1", "delivered")
    assert told.ledger.checkpoint == last > second


def test_replies_older_than_the_first_gateway_are_left_alone() -> None:
    """A gateway that starts on an old log sends nothing of what was said before there was one."""
    told = Told(since=3)
    told.event(reply("old"))
    told.event(reply("older"))
    assert told.ledger.chats == ()
    told.event(reply("new"))
    assert told.next() == "new"


def test_an_old_receipt_proves_that_there_was_a_gateway() -> None:
    """Behind the account's first receipt every reply is pending, also when the checkpoint was lost."""
    told = Told(since=100)
    told.event(reply("before"))
    told.event(reply("r1"))
    told.receipt("r1", "delivered")
    told.event(reply("r2"))
    assert told.next() == "r2"
    assert told.ledger.since == NOON + timedelta(seconds=3)


def test_unreadable_receipts_are_passed_over() -> None:
    """Bytes that are no receipt settle nothing and stop nothing."""
    told = Told()
    told.event(reply("r1"))
    told.event(Unreadable("unreadable", "no JSON"))
    assert told.next() == "r1"


def test_receipts_in_any_order_settle_alike() -> None:
    """Every order of a reply's receipts leaves it settled."""
    for order in permutations(("sending", "accepted", "delivered", "read")):
        told = Told()
        told.event(reply("r1"))
        for state in order:
            told.receipt("r1", state)  # type: ignore[arg-type]
        assert told.next() is None


def test_unsent_replies_of_an_erased_chat_are_not_sent() -> None:
    """No reply of that chat is pending any more; later ones are, and so are those of other chats."""
    told = Told()
    told.event(reply("r1"))
    told.event(reply("r1", key=TOM), TOM)
    told.event(Erased(upto=2, at=NOON))
    assert told.next() is None
    assert told.next(TOM) == "r1"
    told.event(reply("r2"))
    told.event(Erased(upto=3, at=NOON, done=True))
    assert told.next() == "r2"
