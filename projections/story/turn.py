"""The story of a turn: its owners, its thread, files, runs and tools, and its ending."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from chat.acknowledging import is_one as is_acknowledgement
from chat.first_look import CALL
from chat.parts import reading
from events.decisions import Attention, MediaRead, Reply, RunStarted, ThreadCreated, TurnAdopted, TurnStarted
from events.recorded import Recorded
from events.tool_calls import ToolCalled, ToolReturned
from projections.reads.views import TurnView, Why
from projections.story.passages import steps_of
from projections.story.reasons import because, failed_because
from projections.story.step import Step, StepKind, instance_of, lasting, names, now_step

_THREAD = {
    "first": "the chat had none there",
    "replaced": "the one before was lost, or out of date",
    "reset": "the conversation was started anew",
    "switched": "the one before was at another backend",
    "imported": "it was brought along from another bot",
}
_EDITED = "a message of that one was edited or deleted"
_UNUSABLE = "the profile of that one could not be used any more"
_FORMS = {"text": "as text", "image": "as a picture", "file": "as a file"}


def during(turn: TurnView, facts: Iterable[Recorded]) -> list[Recorded]:
    """The chat's decisions that fell into the turn."""
    return [one for one in facts if one.side == "o" and turn.seq <= one.seq <= (turn.ended_seq or one.seq)]


def turn_steps(turn: TurnView, facts: Sequence[Recorded]) -> Iterator[Step]:
    """The turn from its start to its ending, but for a reply.

    `facts` are the decisions that fell into it; none if they could not be read.
    """
    first = facts[0] if facts else None
    yield from _start(turn, first)
    returned = {one.event.call: one for one in facts if isinstance(one.event, ToolReturned)}
    owner = instance_of(first.msg_id.rpartition(":")[0]) if first is not None else ""
    for one in facts:
        match one.event:
            case TurnAdopted(by=by):
                yield _step(one, "adopted", f"instance {instance_of(by)} took the turn over from {owner}")
                owner = instance_of(by)
            case ToolCalled():
                result = returned.get(one.event.call)
                yield _tool(one, one.event, result)
                if result is not None and isinstance(result.event, ToolReturned):
                    yield from steps_of(result, result.event)
            case event:
                yield from _other(one, event)
    if not facts:
        yield from _as_the_projection_has_it(turn)
    yield from _ending(turn)


def _start(turn: TurnView, first: Recorded | None) -> Iterator[Step]:
    started = first.event if first is not None and isinstance(first.event, TurnStarted) else None
    by = first.msg_id.rpartition(":")[0] if started is not None and first is not None else turn.by
    why = f", as order {turn.cause} asked" if turn.cause else ""
    if started is not None and started.instead is not None:
        why += f", in the place of turn {started.instead}"
        why += "" if started.fallback else f": {_EDITED if started.seen else _UNUSABLE}"
    if started is not None and started.fallback is not None:
        why += f", with the second model, because of the first: {failed_because(started.fallback)}"
    unsure = " (which had it last)" if started is None and turn.adoptions else ""
    profile = f", profile {turn.profile}" if turn.profile else ""
    what = f"turn {turn.id} started on instance {instance_of(by)}{unsure}{profile}, mode {turn.backend}{why}"
    yield Step(at=turn.at, kind="turn", what=what, seq=turn.seq)


def _other(one: Recorded, event: object) -> Iterator[Step]:
    match event:
        case ThreadCreated(thread=thread, reason=reason):
            yield _step(one, "thread", f"thread {thread} was made: {_THREAD.get(reason, reason)}")
        case MediaRead(message=message, form="nothing", reason=reason, detail=detail):
            yield _step(one, "file", f"the file of message {message} was not read: {because(reason)}", detail)
        case MediaRead(message=message, form=form, model=model, text=text):
            by = f" by {model}" if model else ""
            yield _step(one, "file", f"the file of message {message} was read {_FORMS.get(form, form)}{by}", text)
        case RunStarted(run=run, attempt=attempt):
            again = f", attempt {attempt}" if attempt > 1 else ""
            yield _step(one, "run", f"the provider began run {run}{again}")
        case Reply(id=id_, author="system", text=text) if is_acknowledgement(id_):
            yield _step(one, "told", f"recado reacted to the message, reply {id_}", text)
        case Reply(id=id_, author="system", text=text):
            yield Step(
                at=one.at, kind="told", what=f"the person was told to wait, reply {id_}", detail=text, seq=one.seq
            )
        case Attention(by=by, text=text):
            yield _step(one, "attention", f"{by} asked for a human", text)


def _tool(called: Recorded, call: ToolCalled, returned: Recorded | None) -> Step:
    result = returned.event if returned is not None else None
    if returned is None or not isinstance(result, ToolReturned):
        return _step(called, "tool", f"the model called the tool {call.name}", call.arguments)
    took = lasting(returned.at - called.at)
    if result.unfit:
        outcome = "its arguments did not fit"
    else:
        outcome = f"it failed after {took}" if result.failed else f"it answered after {took}"
    who = "recado looked up the words of the messages, before it asked the model" if call.call == CALL else ""
    what = f"{who or f'the model called the tool {call.name}'}, {outcome}"
    sent = f"; for the person: {reading(result.send)}" if result.send else ""
    if result.passages:
        return _step(called, "tool", what, call.arguments)
    return _step(called, "tool", what, f"{call.arguments} → {result.output}{sent}")


def _as_the_projection_has_it(turn: TurnView) -> Iterator[Step]:
    if turn.adoptions:
        times = "" if turn.adoptions == 1 else f", after {turn.adoptions - 1} others"
        what = f"instance {instance_of(turn.by)} took the turn over{times}"
        yield Step(at=turn.adopted_at, kind="adopted", what=what)
    if turn.run is not None and turn.attempt:
        yield Step(at=None, kind="run", what=f"the provider began run {turn.run}, attempt {turn.attempt}")


def _ending(turn: TurnView) -> Iterator[Step]:
    if turn.state == "failed":
        what = f"the turn failed after {_took(turn)}: {failed_because(turn.error)}"
        yield Step(at=turn.ended_at, kind="failed", what=what, detail=turn.detail, seq=turn.ended_seq)
    elif turn.state == "ignored":
        what = f"the turn was dropped after {_took(turn)}: {because(turn.detail)}"
        yield Step(at=turn.ended_at, kind="ignored", what=what, seq=turn.ended_seq)
    elif turn.state == "replaced":
        what = f"the turn was dropped after {_took(turn)}: another took its place"
        yield Step(at=turn.ended_at, kind="ignored", what=what, seq=turn.ended_seq)


def _step(one: Recorded, kind: StepKind, what: str, detail: str | None = None) -> Step:
    return Step(at=one.at, kind=kind, what=what, detail=detail, seq=one.seq)


def _took(turn: TurnView) -> str:
    return lasting((turn.ended_at or turn.at) - turn.at)


def turn_now(turn: TurnView, known: Why, facts: Sequence[Recorded], now: datetime) -> Step:
    """The present work of a running turn."""
    standing = known.standing
    since = facts[-1].at if facts else turn.at
    span = f"since {lasting(now - since)}"
    if standing.unread:
        return now_step(f"being read {span}: the file of {names(standing.unread)}", since)
    if standing.calling:
        return now_step(f"at work {span}: the tool {names(standing.calling)}", since)
    return now_step(f"the model is writing {span}", since)
