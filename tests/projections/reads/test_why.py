"""`why`: everything known of a message, a reply or a control."""

from __future__ import annotations

from typing import Any

from events.decisions import Attention, Paused
from events.inbound import Receipt, ReceiptError
from projections.reads.views import Why
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


def test_why_a_reply_came_in_parts(known: Known, past: Past) -> None:
    """Each part has its steps; the whole is where its last part is. A template in its stead delivers no reply."""
    past.message("m1")
    past.turn("t1", "m1")
    past.reply("t1", "m1", text="long")
    past.happened(Receipt(id="c1", reply="t1.r", state="delivered", part=1, parts=2))
    assert only(known.after(past).queries.why("m1")).reply.receipt == "sending"
    past.happened(Receipt(id="c2", reply="t1.r", state="accepted", part=2, parts=2))
    why = only(known.after(past).queries.why("m1"))
    assert why.reply.receipt == "accepted"
    assert [(step.part, step.parts) for step in why.receipts] == [(1, 2), (2, 2)]
    past.happened(Receipt(id="c3", reply="t1.r", state="failed", part=1, parts=2, instead="hello:en"))
    past.happened(Receipt(id="c4", reply="t1.r", state="read", template="hello:en"))
    why = only(known.after(past).queries.why("m1"))
    assert why.reply.receipt == "failed"
    assert [(step.instead, step.template) for step in why.receipts[2:]] == [("hello:en", None), (None, "hello:en")]


def test_why_a_message_got_an_apology(known: Known, past: Past) -> None:
    """The failed turn, and the apology to the person."""
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
    """Pending until a decision names it as its cause; then that decision, with its reason if it refused."""
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


def test_why_a_human_was_asked_for(known: Known, past: Past) -> None:
    """The id of an attention leads to the turn, or the order, that asked."""
    past.message("m1")
    past.turn("t1", "m1")
    past.happened(Attention(id="t1.h", text="a refund", by="model", at=past.now, turn="t1", messages=("m1",)))
    past.control("c1", "handoff")
    past.happened(Attention(id="c1.h", text="by hand", by="ana", at=past.now, cause="c1"))
    known.after(past)
    assert [one.what for one in known.queries.why("t1.h")] == ["turn"]
    assert [one.what for one in known.queries.why("c1.h")] == ["control"]
    assert known.queries.why("x.h") == ()
