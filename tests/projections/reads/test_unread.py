"""The messages of a chat that nobody of the business has seen, and the chats in each state."""

from __future__ import annotations

from datetime import timedelta

import pytest

from events.teamwork import Resolved
from projections.reads import unread
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, ELSEWHERE, Past


def test_messages_after_what_was_seen(past: Past, known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the person alone: no reply, nothing written by hand, nothing of another chat; at most so many."""
    past.message("m1", "hello", ANA)
    past.message("m2", "are you there?", ANA)
    past.turn("t", "m1", "m2", key=ANA)
    past.reply("t", "m1", "m2", text="yes", key=ANA)
    past.message("m3", "good", ANA)
    past.message("b1", "hello", BIA)
    queries = known.after(past).queries
    seqs = [entry.seq for entry in queries.lines(ANA, 10).entries if entry.author == "person"]
    assert queries.unread({ANA: 0, BIA: 0, ELSEWHERE: 0}) == {ANA: 3, BIA: 1}
    assert queries.unread({ANA: seqs[1]}) == {ANA: 1}
    assert queries.unread({ANA: seqs[2]}) == {ANA: 0}
    assert queries.unread({}) == {}
    monkeypatch.setattr(unread, "MOST", 2)
    assert queries.unread({ANA: 0}) == {ANA: 2}


def test_states(past: Past, known: Known) -> None:
    """A chat that was put off is open again at its time; the accounts that are not looked at do not count."""
    for key in (ANA, BIA, ELSEWHERE):
        past.message("m", "hello", key)
    past.happened(Resolved(state="resolved", at=past.now), ANA)
    until = past.now + timedelta(hours=1)
    past.happened(Resolved(state="snoozed", until=until, at=past.now), BIA)
    queries = known.after(past).queries
    assert queries.states(past.now) == {"open": 1, "snoozed": 1, "resolved": 1}
    assert queries.states(until) == {"open": 2, "snoozed": 0, "resolved": 1}
    assert queries.states(past.now, [ELSEWHERE.account]) == {"open": 1, "snoozed": 0, "resolved": 0}
    assert queries.states(past.now, []) == {"open": 0, "snoozed": 0, "resolved": 0}
