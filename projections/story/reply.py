"""The story of a reply on its way to the person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from chat.acknowledging import is_one as is_acknowledgement
from events.decisions import Reply
from events.inbound import ReceiptError
from events.parts import Part
from events.recorded import Recorded
from events.tool_calls import ToolCalled, ToolReturned
from projections.reads.views import Entry, ReceiptView, TurnView
from projections.story.parts import all_named, of_receipt
from projections.story.reasons import failed_because, not_sent_because
from projections.story.step import Step, StepKind, lasting

_RECEIPTS = {
    "sending": "the gateway began to send it",
    "accepted": "the provider took it",
    "sent": "it was sent",
    "delivered": "it reached the phone",
    "read": "the person read it",
    "failed": "it could not be sent",
    "in_doubt": "in doubt: it was being sent, and nobody knows whether it was",
    "parked": "parked: the gateway does not send it any more by itself",
}
_ON_ITS_WAY = {
    "sending": "the gateway is sending the reply, or was when it stopped",
    "accepted": "the provider has the reply, and has not said yet that it was sent",
    "sent": "the reply was sent, and has not reached the phone yet",
    "delivered": "the reply is on the phone, and was not read yet, or the person tells nobody",
    "in_doubt": "nobody knows whether the reply was sent",
}


IN_WORDS = frozenset({"file_refused", "file_removed", "file_too_large", "file_not_uploaded"})
"""The classes of the reasons for which a plain reading goes in place of a file."""


def receipt_step(one: ReceiptView, parts: Sequence[Part] = ()) -> Step:
    """One receipt of a reply of these `parts`, with the error's own words and the advice."""
    what = "it was not sent and will be tried again" if one.state == "sending" and one.error else _RECEIPTS[one.state]
    what += of_receipt(one.part, one.parts, parts)
    if one.template:
        what += f", the template {one.template} in its stead"
    if one.instead:
        what += f"; the template {one.instead} goes out in its stead"
    if one.error is None:
        return Step(at=one.at, kind="receipt", what=what, seq=one.seq)
    error = msgspec.json.decode(one.error, type=ReceiptError)
    if error.class_ is not None:
        what += f": {not_sent_because(error.class_)}"
        if error.class_ in IN_WORDS and one.state in ("accepted", "delivered", "sending"):
            what += f", so its plain reading {'follows' if one.state == 'sending' else 'went instead'}"
    detail = ", ".join(str(said) for said in (error.code, error.detail) if said is not None)
    advice = error.do if isinstance(error.do, str) else ""
    detail = ". ".join(filter(None, (detail, advice)))
    return Step(at=one.at, kind="receipt", what=what, detail=detail or None, seq=one.seq)


def reply_now(reply: Entry, receipts: Sequence[ReceiptView], now: datetime) -> Step | None:
    """The present state of a reply on its way; None if no more is to come."""
    if reply.receipt is None:
        return _now(f"the gateway has not taken the reply yet, since {lasting(now - reply.at)}", reply.at)
    if reply.partly is not None and reply.receipt not in ("sending", "in_doubt", "parked"):
        return _now(f"partly undelivered: {not_sent_because(reply.partly.class_)}", reply.receipt_at)
    if reply.receipt not in _ON_ITS_WAY:
        return None
    last = receipts[-1] if receipts else None
    if reply.receipt == "sending" and last is not None and last.error is not None:
        return _now("the gateway will try again to send the reply", reply.receipt_at)
    return _now(_ON_ITS_WAY[reply.receipt], reply.receipt_at)


def _now(what: str, since: datetime | None) -> Step:
    return Step(at=since, kind="now", what=what)


def reply_step(reply: Entry, turn: TurnView | None, facts: Sequence[Recorded]) -> Step:
    """The reply's author, its words and its cost."""
    if reply.author == "operator":
        what = f"a human of the business answered, reply {reply.id}"
    elif reply.author == "system" and is_acknowledgement(reply.id):
        what = f"recado reacted to the message, reply {reply.id}"
    elif reply.author == "system":
        what = f"the person was told, reply {reply.id}"
    elif turn is None and reply.backend is None:
        what = f"the assistant said it by order, reply {reply.id}"
    else:
        took = f"after {lasting(reply.at - turn.at)}{_outside_the_model(turn.at, facts)}" if turn is not None else ""
        tokens = f"{reply.input_tokens} tokens in and {reply.output_tokens} out" if reply.input_tokens else ""
        thread = f"thread {reply.thread}" if reply.thread else ""
        run = f"run {reply.run}" if reply.run else ""
        who = reply.model or reply.backend or reply.author
        parts = (f"{who} answered, reply {reply.id}", took, tokens, thread, run, *_of_the_event(reply, facts))
        what = ", ".join(part for part in parts if part)
    what += all_named(reply.parts) + (f", quotes {reply.quote}" if reply.quote else "")
    kind: StepKind = "told" if reply.author == "system" else "reply"
    return Step(at=reply.at, kind=kind, what=what, detail=reply.text, seq=reply.seq)


_CUT = {
    "reasoning": "the model's reasoning",
    "template": "marks of its chat template",
    "tool_call": "a tool call",
    "citation": "citation marks",
    "private_use": "private-use characters",
    "link": "links to its own files",
}


_LENGTH = {
    "continued": "it reached the model's longest length and was continued by a second request",
    "cut": "it reached the model's longest length and ends there",
}


def _of_the_event(reply: Entry, facts: Sequence[Recorded]) -> Iterator[str]:
    """The kinds of text that recado cut out of the model's answer, and its length; nothing if the log could not be
    read."""
    event = next((one.event for one in facts if isinstance(one.event, Reply) and one.seq == reply.seq), None)
    if event is None:
        return
    if event.cut:
        said = ", ".join(f"{_CUT.get(cut.kind, cut.kind)} ({cut.chars} characters)" for cut in event.cut)
        yield f"without {said}"
    if event.fallback:
        yield f"it is the second model, because of the first: {failed_because(event.fallback)}"
    if event.length:
        yield _LENGTH.get(event.length, event.length)


def _outside_the_model(turn_began: datetime, facts: Sequence[Recorded]) -> str:
    """The part of the turn that went into tools; calls that ran side by side count once."""
    called = {one.event.call: one.at for one in facts if isinstance(one.event, ToolCalled)}
    spans = sorted(
        (called[one.event.call], one.at)
        for one in facts
        if isinstance(one.event, ToolReturned) and one.event.call in called
    )
    total, reached = timedelta(0), turn_began
    for begin, end in spans:
        total += max(timedelta(0), end - max(begin, reached))
        reached = max(end, reached)
    return f" ({lasting(total)} of it in tools)" if spans else ""
