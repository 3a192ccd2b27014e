"""The rules: from a state and a command to at most one event.

A command is owed work that is due, or what came of an effect. The facts that the shell brings (time, a fresh id, what
it looked up) come with it, so the same input gives the same event for ever.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from chat.bounds import LONGEST_SEND, together
from chat.pending import Adopt, Apologise, EndBurst, Obey, Refuse, Resume
from chat.state import Chat
from events.decisions import (
    Decision,
    Ignored,
    Paused,
    Reply,
    Reset,
    Resumed,
    ThreadCreated,
    ThreadReason,
    TokenUsage,
    TurnAdopted,
    TurnError,
    TurnFailed,
    TurnStarted,
)
from events.ids import ChatKey


class ThreadReady(msgspec.Struct, frozen=True, gc=False):
    """The backend has a place for the conversation."""

    turn: str
    backend: str
    thread: str
    reason: ThreadReason


class Answered(msgspec.Struct, frozen=True, gc=False):
    """The backend wrote a reply."""

    turn: str
    text: str
    model: str
    run: str | None
    usage: TokenUsage


class Failed(msgspec.Struct, frozen=True, gc=False):
    """The backend has no reply to the turn, for good."""

    turn: str
    error_class: str
    detail: str


Command = Obey | Refuse | Apologise | Adopt | Resume | EndBurst | ThreadReady | Answered | Failed


class Facts(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the shell brings to a decision.

    `at` is the bus's time, `id` a fresh id, `incarnation` and `backend` the instance's own, `apology` the text for a
    failed turn (empty: none is sent), `failed` those messages of a `retry` that ended in a failed turn.
    """

    key: ChatKey
    at: datetime
    id: str
    incarnation: str
    backend: str
    apology: str = ""
    failed: tuple[str, ...] = ()


def decide(chat: Chat, command: Command, facts: Facts) -> Decision | None:
    """The event that `command` leads to; None if the state has moved on and nothing is to be decided."""
    match command:
        case Obey(control=control) if any(order.control == control for order in chat.orders):
            return _obey(chat, command, facts)
        case Refuse(messages, reason):
            open_ = {message.id for message in chat.waiting}.union(chat.turn.messages if chat.turn else ())
            return Ignored(messages=messages, reason=reason, at=facts.at) if open_.issuperset(messages) else None
        case Apologise(turn) if chat.apology == turn:
            return _say(facts, reply=f"{turn}.a", text=facts.apology, author="system", about=turn)
        case Adopt(turn) if _running(chat, turn):
            return TurnAdopted(turn=turn, by=facts.incarnation, at=facts.at)
        case Resume(at) if chat.pause is not None and chat.pause.until == at and facts.at >= at:
            return Resumed(at=facts.at)
        case EndBurst() if chat.turn is None and chat.pause is None and chat.waiting:
            messages = together(message.id for message in chat.waiting if message.fault is None)
            return TurnStarted(turn=facts.id, messages=messages, backend=facts.backend, at=facts.at)
        case ThreadReady(turn, backend, thread, reason) if _running(chat, turn):
            return ThreadCreated(backend=backend, thread=thread, reason=reason, at=facts.at)
        case Answered(turn) if _running(chat, turn):
            return _answer(chat, command, facts)
        case Failed(turn, error_class, detail) if chat.turn is not None and chat.turn.id == turn:
            error = TurnError(class_=error_class, detail=detail)
            told = bool(facts.apology)
            return TurnFailed(turn=turn, messages=chat.turn.messages, error=error, told=told, at=facts.at)
        case _:
            return None


def _running(chat: Chat, turn: str) -> bool:
    return chat.turn is not None and chat.turn.id == turn


def _answer(chat: Chat, answer: Answered, facts: Facts) -> Reply | None:
    if chat.turn is None:
        return None
    return Reply(
        id=f"{answer.turn}.r",
        turn=answer.turn,
        chat=facts.key.chat,
        account=facts.key.account,
        text=answer.text,
        in_reply_to=chat.turn.messages,
        author="assistant",
        at=facts.at,
        backend=facts.backend,
        model=answer.model,
        thread=chat.thread.id if chat.thread else None,
        run=answer.run,
        usage=answer.usage,
    )


def _obey(chat: Chat, order: Obey, facts: Facts) -> Decision:
    control = order.control
    at, by, cause = facts.at, control.by, control.id
    match control.command:
        case "pause":
            return Paused(until=control.until, at=at, by=by, cause=cause)
        case "resume":
            return Resumed(at=at, by=by, cause=cause)
        case "reset":
            return Reset(upto=order.seq, at=at, by=by, cause=cause)
        case "send" if len(control.text or "") > LONGEST_SEND:
            return Ignored(messages=(), reason="too_long", at=at, cause=cause)
        case "send" if (control.text or "").strip():
            running = chat.turn.messages if chat.turn else ()
            waiting = (message.id for message in chat.waiting if message.fault is None)
            ended = running + together(waiting, before=running)
            reply = f"{control.id}.r"
            text = control.text or ""
            return _say(facts, reply=reply, text=text, author="operator", in_reply_to=ended, cause=cause)
        case "retry" if chat.pause is not None:
            return Ignored(messages=(), reason="paused", at=at, cause=cause)
        case "retry" if facts.failed:
            return TurnStarted(turn=facts.id, messages=facts.failed, backend=facts.backend, at=at, cause=cause)
        case "retry":
            return Ignored(messages=(), reason="nothing_to_retry", at=at, cause=cause)
        case "send":
            return Ignored(messages=(), reason="empty", at=at, cause=cause)
        case "erase":
            return Ignored(messages=(), reason="not_supported", at=at, cause=cause)


def _say(
    facts: Facts,
    *,
    reply: str,
    text: str,
    author: str,
    in_reply_to: tuple[str, ...] = (),
    about: str | None = None,
    cause: str | None = None,
) -> Reply:
    return Reply(
        id=reply,
        turn=None,
        chat=facts.key.chat,
        account=facts.key.account,
        text=text,
        in_reply_to=in_reply_to,
        author=author,  # type: ignore[arg-type]
        at=facts.at,
        about=about,
        cause=cause,
    )
