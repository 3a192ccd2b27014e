"""The story of an order about a chat."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from events.phrases import Counted, Phrase, Together
from projections.reads.control_view import ControlView
from projections.story.parts import ordered
from projections.story.reasons import because
from projections.story.step import Step, lasting, names, now_step
from projections.story.unchanged import was

_OUTCOMES = {
    "paused": Phrase("the chat was paused"),
    "resumed": Phrase("the chat is answered again"),
    "reset": Phrase("a new conversation began"),
    "erased": Phrase("the chat was erased"),
    "reply": Phrase("the words were given to the gateway"),
    "turn_started": Phrase("the messages were given to a new turn"),
    "attention": Phrase("a human was asked for"),
    "approved": Phrase("the person was let in"),
    "blocked": Phrase("the chat was blocked"),
    "joined": Phrase("the two chats became one"),
    "assigned": Phrase("it was noted who has the chat"),
    "noted": Phrase("the note is beside the chat, for users alone"),
    "labelled": Phrase("the labels were changed"),
    "resolved": Phrase("the state of the work was changed"),
}


COMMANDS = {
    "pause": Phrase("pause"),
    "resume": Phrase("resume"),
    "reset": Phrase("reset"),
    "erase": Phrase("erase"),
    "send": Phrase("send"),
    "retry": Phrase("retry"),
    "handoff": Phrase("handoff"),
    "approve": Phrase("approve"),
    "block": Phrase("block"),
    "join": Phrase("join"),
    "assign": Phrase("assign"),
    "note": Phrase("note"),
    "label": Phrase("label"),
    "resolve": Phrase("resolve"),
    "reopen": Phrase("reopen"),
    "snooze": Phrase("snooze"),
}


def order_steps(control: ControlView) -> Iterator[Step]:
    """The order's author and outcome."""
    yield Step(
        at=control.at,
        kind="order",
        what=Together([_ordered(control), *_about(control)], ""),
        detail=ordered(control.parts, control.text),
        until=control.until,
        seq=control.seq,
    )
    if control.outcome == "ignored":
        what = Phrase("not obeyed: %(reason)s", reason=because(control.reason))
        yield Step(at=control.outcome_at, kind="outcome", what=what, seq=control.outcome_seq)
    elif control.unchanged:
        what = Phrase("nothing changed: %(how)s", how=was(control.command))
        yield Step(at=control.outcome_at, kind="outcome", what=what, seq=control.outcome_seq)
    elif control.outcome is not None:
        what = _OUTCOMES.get(control.outcome) or Together([control.outcome])
        yield Step(at=control.outcome_at, kind="outcome", what=what, seq=control.outcome_seq)
    if control.repeats:
        what = Counted(
            "the order came again with the same id, once: counted, obeyed once",
            "the order came again with the same id, %(num)s times: counted, obeyed once",
            control.repeats,
        )
        yield Step(at=control.repeat_at, kind="repeated", what=what, seq=control.repeat_seq)


def _ordered(control: ControlView) -> Phrase:
    command = COMMANDS.get(control.command, control.command)
    if control.by:
        return Phrase("ordered by %(name)s: %(command)s", name=control.by, command=command)
    return Phrase("ordered by nobody who gave a name: %(command)s", command=command)


def _about(control: ControlView) -> Iterator[str]:
    """The things that an order is about, beside a note's words and a time."""
    if control.messages:
        yield Phrase(" of %(messages)s", messages=names(control.messages))
    if control.quote:
        yield Phrase(", quoting %(message)s", message=control.quote)
    if control.command == "assign":
        yield Phrase(" to %(name)s", name=control.to) if control.to else Phrase(" to no user")
        return
    changes = [f"-{label}" for label in control.remove] + [f"+{label}" for label in control.add]
    yield f" {', '.join(changes)}" if changes else ""


def order_now(control: ControlView, now: datetime) -> Step | None:
    """The step that says that the order is pending; None if it is not."""
    if control.outcome is not None:
        return None
    since = lasting(now - control.at)
    return now_step(Phrase("no instance has obeyed it yet, since %(time)s", time=since), control.at)
