"""`why`: all that is known of a message, a reply or a control."""

from __future__ import annotations

from typing import Any

from events.decisions import Paused
from events.inbound import Receipt, ReceiptError
from projections.views import Why
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, Past


def only(answers: tuple[Why, ...]) -> Any:
    (answer,) = answers
    return answer


def test_why_a_message_got_its_reply(known: Known, past: Past) -> None:
    """Its turn, who shared it, the reply that ended it, and how far that came."""
    past.message("m1")
    past.message("m2")
    past.turn("t1", "m1", "m2")
    past.reply("t1", "m1", "m2", text="both")
    for state in ("sending", "accepted", "read", "delivered"):
        past.happened(Receipt(id=f"r-{state}", reply="t1.r", state=state, provider_id="wamid.1"))  # type: ignore[arg-type]
    why = only(known.after(past).queries.why("m1"))
    assert (why.what, why.account, why.chat) == ("message", *ANA)
    assert (why.turn.id, why.together_with, why.reply.text) == ("t1", ("m2",), "both")
    assert [step.state for step in why.receipts] == ["sending", "accepted", "read", "delivered"]
    assert (why.receipts[0].at, why.receipts[0].provider_id) == (past.events[4].at, "wamid.1")
    assert why.reply.receipt == "read"
    reply = only(known.queries.why("t1.r"))
    assert (reply.what, reply.entry.text, reply.turn.id, len(reply.receipts)) == ("reply", "both", "t1", 4)


def test_why_a_message_got_an_apology(known: Known, past: Past) -> None:
    """The turn that failed, and what the person was told of it."""
    past.message("m1")
    past.turn("t1", "m1")
    past.failed("t1", "m1")
    assert only(known.after(past).queries.why("m1")).apology is None
    past.apology("t1")
    fault = ReceiptError(code=131047, detail="more than 24 hours")
    past.happened(Receipt(id="r1", reply="t1.a", state="failed", error=fault))
    why = only(known.after(past).queries.why("m1"))
    assert (why.entry.ending, why.turn.error, why.apology.author, why.reply) == (
        "turn_failed",
        "timeout",
        "system",
        None,
    )
    assert b"131047" in bytes(why.receipts[0].error)
    assert only(known.queries.why("t1.a")).turn.id == "t1"


def test_why_a_message_was_retried(known: Known, past: Past) -> None:
    """Turns before the last one are shown as well."""
    past.message("m1")
    for number in (1, 2):
        past.turn(f"t{number}", "m1", cause=f"c{number}")
        past.failed(f"t{number}", "m1", told=False)
        known.after(past)
    past.turn("t3", "m1", cause="c3")
    past.reply("t3", "m1")
    why = only(known.after(past).queries.why("m1"))
    assert [turn.id for turn in (*why.former_turns, why.turn)] == ["t1", "t2", "t3"]


def test_why_a_control_did_what_it_did(known: Known, past: Past) -> None:
    """Owed until a decision names it as its cause; then that decision, with its reason if it refused."""
    past.control("c1", "pause", by="rita")
    past.control("c2", "retry", messages=("m1",))
    assert only(known.after(past).queries.why("c1")).control.outcome is None
    paused = past.happened(Paused(until=None, at=past.now, by="rita", cause="c1"))
    past.ignored(reason="paused", cause="c2")
    known.after(past)
    one, two = (only(known.queries.why(id_)).control for id_ in ("c1", "c2"))
    assert (one.command, one.by, one.outcome, one.outcome_seq, one.outcome_at) == (
        "pause",
        "rita",
        "paused",
        3,
        paused.at,
    )
    assert (two.outcome, two.reason, two.messages) == ("ignored", "paused", ("m1",))


def test_an_id_that_several_chats_have(known: Known, past: Past) -> None:
    """Each is answered, unless a chat or an account is named; of an unknown id nothing is known."""
    past.message("m1", key=ANA)
    past.message("m1", key=BIA)
    known.after(past)
    assert [why.chat for why in known.queries.why("m1")] == [ANA.chat, BIA.chat]
    assert only(known.queries.why("m1", chat=BIA.chat)).chat == BIA.chat
    assert known.queries.why("m1", account="bakery") == ()
    assert known.queries.why("m2") == ()
