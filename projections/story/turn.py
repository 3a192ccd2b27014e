"""The story of a turn: its owners, its thread, files, runs and tools, and its ending."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from chat.acknowledging import is_one as is_acknowledgement
from chat.first_look import CALL
from chat.parts import reading
from events.decisions import Attention, MediaRead, Reply, RunStarted, ThreadCreated, TurnAdopted, TurnStarted
from events.phrases import Counted, Phrase, Together
from events.read_back import read_back
from events.recorded import Recorded
from events.tool_calls import ToolCalled, ToolReturned
from projections.reads.views import TurnView, Why
from projections.story.passages import steps_of
from projections.story.reasons import because, failed_because
from projections.story.step import Step, StepKind, instance_of, lasting, names, now_step

_THREAD = {
    "first": Phrase("the chat had none there"),
    "replaced": Phrase("the one before was lost, or out of date"),
    "reset": Phrase("a new conversation began"),
    "switched": Phrase("the one before was at another backend"),
    "imported": Phrase("it was brought along from another bot"),
}
_EDITED = Phrase("a message of that one was edited or deleted")
_UNUSABLE = Phrase("the profile of that one could not be used any more")
_FORMS = {"text": Phrase("as text"), "image": Phrase("as a picture"), "file": Phrase("as a file")}


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
                yield _step(
                    one,
                    "adopted",
                    Phrase(
                        "instance %(instance)s took the turn over from %(other)s", instance=instance_of(by), other=owner
                    ),
                )
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
    instance = instance_of(by)
    if started is None and turn.adoptions:
        begun = Phrase("turn %(turn)s started on instance %(name)s (which had it last)", turn=turn.id, name=instance)
    else:
        begun = Phrase("turn %(turn)s started on instance %(name)s", turn=turn.id, name=instance)
    profile = Phrase(", profile %(name)s", name=turn.profile) if turn.profile else ""
    mode = Phrase(", mode %(mode)s", mode=turn.backend)
    yield Step(at=turn.at, kind="turn", what=Together([begun, profile, mode, *_why(turn, started)], ""), seq=turn.seq)


def _why(turn: TurnView, started: TurnStarted | None) -> Iterator[Phrase]:
    """The reasons of the turn beside its messages."""
    if turn.cause:
        yield Phrase(", as order %(order)s asked", order=turn.cause)
    if started is not None and started.instead is not None:
        yield Phrase(", in the place of turn %(turn)s", turn=started.instead)
        if not started.fallback:
            yield Phrase(": %(reason)s", reason=_EDITED if started.seen else _UNUSABLE)
    if started is not None and started.fallback is not None:
        reason = failed_because(started.fallback)
        yield Phrase(", with the second model, because of the first: %(reason)s", reason=reason)


def _other(one: Recorded, event: object) -> Iterator[Step]:
    match event:
        case ThreadCreated(thread=thread, reason=reason):
            what = Phrase("thread %(id)s was made: %(reason)s", id=thread, reason=_THREAD.get(reason, reason))
            yield _step(one, "thread", what)
        case MediaRead(message=message, form="nothing", reason=reason, detail=detail):
            yield _step(
                one,
                "file",
                Phrase(
                    "the file of message %(message)s was not read: %(reason)s", message=message, reason=because(reason)
                ),
                read_back(detail),
            )
        case MediaRead(message=message, form=form, model=model, text=text):
            what = Phrase("the file of message %(message)s was read %(form)s", message=message, form=form_of(form))
            by = Phrase(" by %(name)s", name=model) if model else ""
            yield _step(one, "file", Together([what, by], ""), text)
        case RunStarted(run=run, attempt=attempt):
            yield _step(one, "run", _run(run, attempt))
        case Reply(id=id_, author="system", text=text) if is_acknowledgement(id_):
            yield _step(one, "told", Phrase("recado reacted to the message, reply %(reply)s", reply=id_), text)
        case Reply(id=id_, author="system", text=text):
            yield _step(one, "told", Phrase("the person was told to wait, reply %(reply)s", reply=id_), text)
        case Attention(by=by, text=text):
            who = Phrase("model") if by == "model" else by
            yield _step(one, "attention", Phrase("%(name)s asked for a human", name=who), text)


def form_of(form: str) -> str:
    """The form in which the model was given a file."""
    return _FORMS.get(form, form)


def _run(run: str, attempt: int) -> Phrase:
    if attempt > 1:
        return Phrase("the provider began run %(run)s, attempt %(number)s", run=run, number=attempt)
    return Phrase("the provider began run %(run)s", run=run)


def _tool(called: Recorded, call: ToolCalled, returned: Recorded | None) -> Step:
    result = returned.event if returned is not None else None
    if call.call == CALL:
        who = Phrase("recado looked up the words of the messages, before it asked the model")
    else:
        who = Phrase("the model called the tool %(tool)s", tool=call.name)
    if returned is None or not isinstance(result, ToolReturned):
        return _step(called, "tool", Phrase("the model called the tool %(tool)s", tool=call.name), call.arguments)
    took = lasting(returned.at - called.at)
    if result.unfit:
        outcome = Phrase("its arguments did not fit")
    elif result.failed:
        outcome = Phrase("it failed after %(time)s", time=took)
    else:
        outcome = Phrase("it answered after %(time)s", time=took)
    what = Together([who, outcome])
    if result.passages:
        return _step(called, "tool", what, call.arguments)
    output = Together([f"{call.arguments} → {result.output}", *_sent(result)], "; ")
    return _step(called, "tool", what, output)


def _sent(result: ToolReturned) -> Iterator[Phrase]:
    if result.send:
        yield Phrase("for the person: %(words)s", words=reading(result.send))


def _as_the_projection_has_it(turn: TurnView) -> Iterator[Step]:
    if turn.adoptions:
        what = Phrase("instance %(instance)s took the turn over", instance=instance_of(turn.by))
        others = turn.adoptions - 1
        times = Counted(", after %(num)s other", ", after %(num)s others", others) if others else ""
        yield Step(at=turn.adopted_at, kind="adopted", what=Together([what, times], ""))
    if turn.run is not None and turn.attempt:
        yield Step(
            at=None,
            kind="run",
            what=Phrase("the provider began run %(run)s, attempt %(number)s", run=turn.run, number=turn.attempt),
        )


def _ending(turn: TurnView) -> Iterator[Step]:
    took = lasting((turn.ended_at or turn.at) - turn.at)
    if turn.state == "failed":
        what = Phrase("the turn failed after %(time)s: %(reason)s", time=took, reason=failed_because(turn.error))
        yield Step(at=turn.ended_at, kind="failed", what=what, detail=read_back(turn.detail), seq=turn.ended_seq)
    elif turn.state == "ignored":
        what = Phrase("the turn was dropped after %(time)s: %(reason)s", time=took, reason=because(turn.detail))
        yield Step(at=turn.ended_at, kind="ignored", what=what, seq=turn.ended_seq)
    elif turn.state == "replaced":
        what = Phrase("the turn was dropped after %(time)s: another took its place", time=took)
        yield Step(at=turn.ended_at, kind="ignored", what=what, seq=turn.ended_seq)


def _step(one: Recorded, kind: StepKind, what: Phrase, detail: str | None = None) -> Step:
    return Step(at=one.at, kind=kind, what=what, detail=detail, seq=one.seq)


def turn_now(turn: TurnView, known: Why, facts: Sequence[Recorded], now: datetime) -> Step:
    """The present work of a running turn."""
    standing = known.standing
    since = facts[-1].at if facts else turn.at
    span = lasting(now - since)
    if standing.unread:
        files = names(standing.unread)
        return now_step(Phrase("being read since %(time)s: the file of %(messages)s", time=span, messages=files), since)
    if standing.calling:
        tools = names(standing.calling)
        return now_step(Phrase("at work since %(time)s: the tool %(tools)s", time=span, tools=tools), since)
    return now_step(Phrase("the model is writing since %(time)s", time=span), since)
