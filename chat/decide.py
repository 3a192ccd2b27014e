"""The rules: from a state and a command to at most one event.

The shell brings facts (time, a fresh id, the results of its look-ups) with each command, so the same input always gives
the same event.
"""

from __future__ import annotations

from msgspec.structs import replace

from chat import edits, joining
from chat.acknowledging import acknowledge
from chat.arrival import joins_burst
from chat.broken import BROKEN, SetAside
from chat.commands import (
    Answered,
    Command,
    Facts,
    Failed,
    FallOver,
    HumanAsked,
    MediaSettled,
    RunReady,
    ThreadReady,
    ToolAsked,
    ToolFinished,
)
from chat.endings import failed, question, replied
from chat.erasing import PastRemoved, receipt
from chat.joining import GatesTold, Moved
from chat.limits import LONGEST_NOTE, together
from chat.notices import say
from chat.orders import obey
from chat.parts import answered
from chat.second_model import BACKEND
from chat.state import Chat
from chat.takeover import HANDED_OFF
from chat.turn import Turn, unread_of
from chat.unsent import ask
from chat.waiting_word import id_of, may_be_told
from chat.words import ONE_MOMENT
from chat.work import (
    Acknowledge,
    Adopt,
    Apologise,
    Ask,
    AskAbout,
    EndBurst,
    HandOver,
    Notify,
    Obey,
    Refuse,
    Resume,
    StartAgain,
    StartOver,
    TellToWait,
)
from events.decisions import (
    Attention,
    Decision,
    Ignored,
    MediaRead,
    Paused,
    Reply,
    Reset,
    Resumed,
    RunStarted,
    ThreadCreated,
    TurnAdopted,
    TurnFailed,
    TurnStarted,
)
from events.parts import problems
from events.tool_calls import ToolCalled, ToolReturned
from events.usage import NO_TOKENS

MOST_CALLS = 16
"""Tools that a model may ask for in one turn; a model that asks for more goes round in circles."""

NOT_SENT = "The parts of this tool were not sent to the person: with those of earlier calls and the answer, {fault}."

_SOME_WORDS = "words"

CALLED_AMISS = "This was the second time: do not call {name} again, answer without it."
"""The hint for a model whose arguments did not fit the same tool twice."""


def decide(chat: Chat, command: Command, facts: Facts) -> Decision | None:
    """The event that `command` leads to; None if the state has moved on and nothing is left to decide."""
    match command:
        case Obey(control=control) if any(order.control == control for order in chat.orders):
            return obey(chat, command, facts)
        case Refuse() | SetAside():
            return _refuse(chat, command, facts) if isinstance(command, Refuse) else _set_aside(chat, facts)
        case Apologise() | Notify() | AskAbout() | TellToWait() | Acknowledge():
            return _tell(chat, command, facts)
        case HandOver(after, until, reason):
            return Paused(until=until, at=facts.at, reason=reason, after=after)
        case StartOver(seq, by) if chat.reset_upto < seq:
            return Reset(upto=seq, at=facts.at, by=by)
        case StartAgain(turn) if chat.turn is not None and chat.turn.id == turn:
            unread, is_edited = unread_of(chat.turn.phase), edits.is_outdated(chat, chat.turn)
            return _start(chat, facts, chat.turn.messages, unread, instead=turn, is_edited=is_edited)
        case Adopt(turn) if _running(chat, turn):
            return TurnAdopted(turn=turn, by=facts.incarnation, at=facts.at)
        case PastRemoved() | GatesTold() | Moved():
            return _note(chat, command, facts)
        case Resume(at) if chat.pause is not None and chat.pause.until == at and facts.at >= at:
            return _end_pause(chat, facts)
        case EndBurst() if chat.turn is None and chat.pause is None and chat.waiting:
            return _end_burst(chat, facts)
        case (
            ThreadReady(turn)
            | MediaSettled(turn)
            | RunReady(turn)
            | ToolAsked(turn)
            | ToolFinished(turn)
            | HumanAsked(turn)
            | Answered(turn)
            | FallOver(turn)
            | Failed(turn)
            | Ask(turn)
        ):
            return _go_on(chat, chat.turn, command, facts) if chat.turn is not None and chat.turn.id == turn else None
        case _:
            return None


def _end_pause(chat: Chat, facts: Facts) -> Resumed | Paused:
    """The end of a pause whose time is over. A person who was promised a human still waits for one."""
    if chat.attention is None:
        return Resumed(at=facts.at)
    return Paused(until=None, at=facts.at, reason=HANDED_OFF, after=chat.attention.id)


def _note(chat: Chat, done: PastRemoved | GatesTold | Moved, facts: Facts) -> Decision | None:
    """The receipt of work that two chats, or an erasure, had pending."""
    match done:
        case PastRemoved():
            return receipt(chat, done, facts.at)
        case GatesTold():
            return joining.told(chat, done, facts.at)
        case Moved():
            return joining.moved(chat, done, facts.at)


def _end_burst(chat: Chat, facts: Facts) -> TurnStarted | Ignored | None:
    """The turn of the waiting messages. Without one that can be answered, they end together, and the person hears of
    it once."""
    burst = [message for message in chat.waiting if joins_burst(message)]
    messages = together(message.id for message in burst)
    if all(message.fault is not None for message in burst):
        return _refuse(chat, Refuse(messages, "unsupported_kind"), facts) if burst else None
    named = frozenset(messages)
    return _start(chat, facts, messages, tuple(one.id for one in burst if one.media and one.id in named))


def _tell(
    chat: Chat, due: Apologise | Notify | AskAbout | TellToWait | Acknowledge, facts: Facts
) -> Reply | Attention | None:
    if isinstance(due, AskAbout):
        return ask(chat, due, facts)
    if isinstance(due, Acknowledge):
        return acknowledge(chat, due, facts)
    if isinstance(due, TellToWait):
        if facts.at < due.at or not may_be_told(chat, due.turn):
            return None
        text = facts.words_about(ONE_MOMENT)
        return say(facts, reply=id_of(due.turn), text=text, author="system", about=due.turn)
    if isinstance(due, Notify):
        if chat.notice != due.message:
            return None
        text = facts.words_about(due.reason)
        return say(facts, reply=f"{due.message}.b", text=text, author="system", about=due.message)
    if chat.apology != due.turn:
        return None
    return say(facts, reply=f"{due.turn}.a", text=facts.apology, author="system", about=due.turn)


def _refuse(chat: Chat, refusal: Refuse, facts: Facts) -> Ignored | None:
    """The end of messages without a reply; the person is told if there are words for the reason and they are news."""
    messages, reason = refusal.messages, refusal.reason
    open_ = {message.id for message in chat.waiting}.union(chat.turn.messages if chat.turn else ())
    if not open_.issuperset(messages):
        return None
    # A call is told of if there are words for it: a person who calls waits for an answer.
    silent = {message.id for message in chat.waiting if message.silent and reason != "call"}
    tell = refusal.tell and not silent.issuperset(messages) and chat.notice is None
    if reason == "handed_off":
        tell = tell and chat.attention is not None and not chat.attention.told
    return Ignored(messages=messages, reason=reason, at=facts.at, told=tell and bool(facts.words_about(reason)))


def _set_aside(chat: Chat, facts: Facts) -> TurnFailed | Ignored | None:
    """The end of the turn, order or messages that break recado, so that the chat goes on."""
    if chat.turn is not None:
        return failed(chat.turn, BROKEN, "recado broke on this turn again and again", facts)
    if chat.orders:
        return Ignored(messages=(), reason=BROKEN, at=facts.at, cause=chat.orders[0].control.id)
    if not chat.waiting:
        return None
    messages = together(message.id for message in chat.waiting)
    named = frozenset(messages)
    asks = any(message.id in named and not message.silent for message in chat.waiting)
    told = asks and chat.notice is None and bool(facts.words_about(BROKEN))
    return Ignored(messages=messages, reason=BROKEN, at=facts.at, told=told)


def _start(
    chat: Chat,
    facts: Facts,
    messages: tuple[str, ...],
    media: tuple[str, ...],
    instead: str | None = None,
    *,
    is_edited: bool = False,
) -> TurnStarted:
    return TurnStarted(
        turn=facts.id,
        messages=messages,
        backend=BACKEND if facts.fallback else facts.backend,
        at=facts.at,
        media=media,
        seen=chat.inbound_seq if chat.rewrites or is_edited else 0,
        instead=instead,
        fallback=facts.fallback or None,
        profile=facts.profile,
    )


def _go_on(chat: Chat, turn: Turn, outcome: Command, facts: Facts) -> Decision | None:
    """The decision on the outcome of an effect in the running turn."""
    match outcome:
        case ThreadReady(_, backend, thread, reason, seen):
            seen = chat.rewritten if seen is None else seen
            return ThreadCreated(
                backend=backend, thread=thread, reason=reason, at=facts.at, seen=seen, profile=turn.profile
            )
        case MediaSettled():
            return _read(turn, outcome, facts)
        case RunReady(_, run, attempt, usage, model):
            return RunStarted(
                turn=turn.id, run=run, attempt=attempt, at=facts.at, usage=usage, profile=turn.profile, model=model
            )
        case ToolAsked():
            return _ask(turn, outcome, facts)
        case ToolFinished():
            return _close(turn, outcome, facts)
        case HumanAsked(_, text, by):
            text = text[:LONGEST_NOTE]
            return Attention(id=f"{turn.id}.h", text=text, by=by, at=facts.at, turn=turn.id, messages=turn.messages)
        case Answered():
            return replied(chat, turn, outcome, facts)
        case Ask() if turn.is_asked:
            return replied(chat, turn, question(turn), facts)
        case FallOver(_, reason):
            facts = replace(facts, fallback=reason)
            return _start(chat, facts, turn.messages, unread_of(turn.phase), instead=turn.id)
        case Failed(_, error_class, detail, usage, model):
            return replace(failed(turn, error_class, detail, facts), usage=usage, model=model)
        case _:
            return None


def _read(turn: Turn, settled: MediaSettled, facts: Facts) -> MediaRead | None:
    if settled.message not in unread_of(turn.phase):
        return None
    return MediaRead(
        turn=turn.id,
        message=settled.message,
        form=settled.form,
        at=facts.at,
        text=settled.text,
        reason=settled.reason,
        detail=settled.detail,
        bare=settled.bare,
        model=settled.model,
        usage=settled.usage,
    )


def _ask(turn: Turn, asked: ToolAsked, facts: Facts) -> ToolCalled | TurnFailed | None:
    known = next((call for call in turn.current_calls if call.id == asked.call), None)
    if known is not None and known.output is not None:
        return failed(turn, "malformed_answer", f"the model gave two calls one id, {asked.call}", facts)
    if known is not None:
        return None
    if len(turn.calls) >= MOST_CALLS:
        return failed(turn, "too_many_calls", f"the model asked for more than {MOST_CALLS} tools in one turn", facts)
    return ToolCalled(
        turn=turn.id,
        call=asked.call,
        name=asked.name,
        arguments=asked.arguments,
        at=facts.at,
        usage=asked.usage,
        raw=asked.raw,
        model=asked.model,
    )


def _close(turn: Turn, done: ToolFinished, facts: Facts) -> ToolReturned | None:
    """The return of a call. The model gets an unfit call back once per tool; then it has to do without that tool."""
    call = next((call for call in turn.calls if call.id == done.call and call.output is None), None)
    if call is None:
        return None
    output, send = done.output, done.send
    usage = done.usage if any(done.usage.numbers) else NO_TOKENS  # which the event leaves out
    if done.quiet:  # it gives the person nothing twice
        send = tuple(part for part in send if part not in turn.sent)
    if send and (fault := next(problems(answered((*turn.sent, *send), _SOME_WORDS)), None)) is not None:
        output = f"{NOT_SENT.format(fault=fault)}\n{output}".rstrip()
        # A model that asks again and again would use up the turn's calls, and the person would get no question.
        quiet = done.quiet and turn.has_question
        return ToolReturned(
            turn=turn.id,
            call=done.call,
            output=output,
            failed=True,
            at=facts.at,
            quiet=quiet,
            usage=usage,
            model=done.model,
        )
    if done.unfit and any(before.unfit and before.name == call.name for before in turn.calls):
        output = f"{output}\n{CALLED_AMISS.format(name=call.name)}"
    return ToolReturned(
        turn=turn.id,
        call=done.call,
        output=output,
        failed=done.failed,
        at=facts.at,
        unfit=done.unfit,
        send=send,
        quiet=done.quiet,
        passages=done.passages,
        quote=done.quote,
        usage=usage,
        model=done.model,
    )


def _running(chat: Chat, turn: str) -> bool:
    return chat.turn is not None and chat.turn.id == turn
