"""The story of a reply on its way to the person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from chat.acknowledging import is_one as is_acknowledgement
from events.cut import Cut
from events.decisions import Reply
from events.inbound import ReceiptError
from events.parts import Part
from events.phrases import Counted, Phrase, Together
from events.read_back import read_back
from events.recorded import Recorded
from events.tool_calls import ToolCalled, ToolReturned
from projections.reads.views import Entry, ReceiptView, TurnView
from projections.story.parts import all_named, of_receipt
from projections.story.reasons import failed_because, not_sent_because
from projections.story.step import Step, StepKind, lasting, now_step

_RECEIPTS = {
    "sending": Phrase("the gateway began to send it"),
    "accepted": Phrase("the provider took it"),
    "sent": Phrase("it was sent"),
    "delivered": Phrase("it reached the phone"),
    "read": Phrase("the person read it"),
    "failed": Phrase("it could not be sent"),
    "in_doubt": Phrase("in doubt: it was being sent, and nobody knows whether it was"),
    "parked": Phrase("parked: the gateway does not send it any more by itself"),
}
_ON_ITS_WAY = {
    "sending": Phrase("the gateway is sending the reply, or was when it stopped"),
    "accepted": Phrase("the provider has the reply, and has not said yet that it was sent"),
    "sent": Phrase("the reply was sent, and has not reached the phone yet"),
    "delivered": Phrase("the reply is on the phone, and was not read yet, or the person tells nobody"),
    "in_doubt": Phrase("nobody knows whether the reply was sent"),
}


IN_WORDS = frozenset({"file_refused", "file_removed", "file_too_large", "file_not_uploaded"})
"""The classes of the reasons for which a plain reading goes in place of a file."""


def receipt_step(one: ReceiptView, parts: Sequence[Part] = ()) -> Step:
    """One receipt of a reply of these `parts`, with the error's own words and the advice."""
    is_tried_again = one.state == "sending" and one.error is not None
    what: list[str] = [
        Phrase("it was not sent and will be tried again") if is_tried_again else _RECEIPTS[one.state],
        of_receipt(one.part, one.parts, parts),
    ]
    if one.template:
        what.append(Phrase(", the template %(name)s in its stead", name=one.template))
    if one.instead:
        what.append(Phrase("; the template %(name)s goes out in its stead", name=one.instead))
    if one.error is None:
        return Step(at=one.at, kind="receipt", what=Together(what, ""), seq=one.seq)
    error = msgspec.json.decode(one.error, type=ReceiptError)
    if error.class_ is not None:
        what.append(Phrase(": %(reason)s", reason=not_sent_because(error.class_)))
        if error.class_ in IN_WORDS and one.state == "sending":
            what.append(Phrase(", so its plain reading follows"))
        elif error.class_ in IN_WORDS and one.state in ("accepted", "delivered"):
            what.append(Phrase(", so its plain reading went instead"))
    code = "" if error.code is None else str(error.code)
    advice = Phrase(error.do) if isinstance(error.do, str) and error.do else ""
    detail = Together([Together([code, read_back(error.detail or "")]), advice], ". ")
    return Step(at=one.at, kind="receipt", what=Together(what, ""), detail=detail or None, seq=one.seq)


def reply_now(reply: Entry, receipts: Sequence[ReceiptView], now: datetime) -> Step | None:
    """The present state of a reply on its way; None if no more is to come."""
    if reply.receipt is None:
        since = lasting(now - reply.at)
        return now_step(Phrase("the gateway has not taken the reply yet, since %(time)s", time=since), reply.at)
    if reply.partly is not None and reply.receipt not in ("sending", "in_doubt", "parked"):
        reason = not_sent_because(reply.partly.class_)
        return now_step(Phrase("partly undelivered: %(reason)s", reason=reason), reply.receipt_at)
    if reply.receipt not in _ON_ITS_WAY:
        return None
    last = receipts[-1] if receipts else None
    if reply.receipt == "sending" and last is not None and last.error is not None:
        return now_step(Phrase("the gateway will try again to send the reply"), reply.receipt_at)
    return now_step(_ON_ITS_WAY[reply.receipt], reply.receipt_at)


def reply_step(reply: Entry, turn: TurnView | None, facts: Sequence[Recorded]) -> Step:
    """The reply's author, its words and its cost."""
    if reply.author == "operator":
        what = [Phrase("a human of the business answered, reply %(reply)s", reply=reply.id)]
    elif reply.author == "system" and is_acknowledgement(reply.id):
        what = [Phrase("recado reacted to the message, reply %(reply)s", reply=reply.id)]
    elif reply.author == "system":
        what = [Phrase("the person was told, reply %(reply)s", reply=reply.id)]
    elif turn is None and reply.backend is None:
        what = [Phrase("the assistant said it by order, reply %(reply)s", reply=reply.id)]
    else:
        what = [Together(_answered(reply, turn, facts))]
    what.append(all_named(reply.parts))
    if reply.quote:
        what.append(Phrase(", quotes %(message)s", message=reply.quote))
    kind: StepKind = "told" if reply.author == "system" else "reply"
    return Step(at=reply.at, kind=kind, what=Together(what, ""), detail=reply.text, seq=reply.seq)


def _answered(reply: Entry, turn: TurnView | None, facts: Sequence[Recorded]) -> Iterator[Phrase]:
    """The model's name, and the time and tokens that its answer took."""
    who = reply.model or reply.backend or reply.author
    yield Phrase("%(name)s answered, reply %(reply)s", name=who, reply=reply.id)
    if turn is not None:
        took, tools = lasting(reply.at - turn.at), _in_tools(turn.at, facts)
        if tools is None:
            yield Phrase("after %(time)s", time=took)
        else:
            yield Phrase("after %(time)s (%(part)s of it in tools)", time=took, part=lasting(tools))
    if reply.input_tokens:
        yield Phrase("%(read)s tokens in and %(written)s out", read=reply.input_tokens, written=reply.output_tokens)
    if reply.thread:
        yield Phrase("thread %(id)s", id=reply.thread)
    if reply.run:
        yield Phrase("run %(id)s", id=reply.run)
    yield from _of_the_event(reply, facts)


_CUT = {
    "reasoning": Phrase("the model's reasoning"),
    "template": Phrase("marks of its chat template"),
    "tool_call": Phrase("a tool call"),
    "citation": Phrase("citation marks"),
    "private_use": Phrase("private-use characters"),
    "link": Phrase("links to its own files"),
}


_LENGTH = {
    "continued": Phrase("it reached the model's longest length and was continued by a second request"),
    "cut": Phrase("it reached the model's longest length and ends there"),
}


def _of_the_event(reply: Entry, facts: Sequence[Recorded]) -> Iterator[Phrase]:
    """The kinds of text that recado cut out of the model's answer, and its length; nothing if the log could not be
    read."""
    event = next((one.event for one in facts if isinstance(one.event, Reply) and one.seq == reply.seq), None)
    if event is None:
        return
    if event.cut:
        yield Phrase("without %(texts)s", texts=Together(_cut(cut) for cut in event.cut))
    if event.fallback:
        reason = failed_because(event.fallback)
        yield Phrase("it is the second model, because of the first: %(reason)s", reason=reason)
    if event.length:
        yield _LENGTH.get(event.length) or Together([event.length])


def _cut(cut: Cut) -> Phrase:
    what = _CUT.get(cut.kind, cut.kind)
    return Counted("%(what)s (%(num)s character)", "%(what)s (%(num)s characters)", cut.chars, what=what)


def _in_tools(turn_began: datetime, facts: Sequence[Recorded]) -> timedelta | None:
    """The part of the turn that went into tools; calls that ran side by side count once. None: there were none."""
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
    return total if spans else None
