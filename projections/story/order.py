"""The story of an order about a chat."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from projections.reads.control_view import ControlView
from projections.story.parts import ordered
from projections.story.reasons import because
from projections.story.step import Step, lasting, names

_OUTCOMES = {
    "paused": "the chat was paused",
    "resumed": "the chat is answered again",
    "reset": "the conversation was started anew",
    "erased": "the chat was erased",
    "reply": "the words were given to the gateway",
    "turn_started": "the messages were given to a new turn",
    "attention": "a human was asked for",
    "approved": "the person was let in",
    "blocked": "the chat was blocked",
    "joined": "the two chats became one",
    "assigned": "it was noted who has the chat",
    "noted": "the note is beside the chat, for users alone",
    "labelled": "the labels were changed",
    "resolved": "the state of the work was changed",
}


def order_steps(control: ControlView) -> Iterator[Step]:
    """The order's author and outcome."""
    about = f" of {names(control.messages)}" if control.messages else ""
    quote = f", quoting {control.quote}" if control.quote else ""
    what = f"ordered by {control.by or 'nobody who gave a name'}: {control.command}{about}{quote}{_work(control)}"
    yield Step(
        at=control.at,
        kind="order",
        what=what,
        detail=ordered(control.parts, control.text),
        until=control.until,
        seq=control.seq,
    )
    if control.outcome == "ignored":
        what = f"not obeyed: {because(control.reason)}"
        yield Step(at=control.outcome_at, kind="outcome", what=what, seq=control.outcome_seq)
    elif control.outcome is not None:
        what = _OUTCOMES.get(control.outcome, control.outcome)
        yield Step(at=control.outcome_at, kind="outcome", what=what, seq=control.outcome_seq)
    if control.repeats:
        what = f"the order came again with the same id, {control.repeats} times: counted, obeyed once"
        yield Step(at=control.repeat_at, kind="repeated", what=what, seq=control.repeat_seq)


def _work(control: ControlView) -> str:
    """What an order by which users share the work says, beside a note's words and a time."""
    if control.command == "assign":
        return f" to {control.to}" if control.to else " to no user"
    changes = [f"-{label}" for label in control.remove] + [f"+{label}" for label in control.add]
    return f" {', '.join(changes)}" if changes else ""


def order_now(control: ControlView, now: datetime) -> Step | None:
    """The step that says that the order is pending; None if it is not."""
    if control.outcome is not None:
        return None
    return Step(at=control.at, kind="now", what=f"no instance has obeyed it yet, since {lasting(now - control.at)}")
