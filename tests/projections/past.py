"""A past for a projection: events of a few chats in the order of the log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chat.context import Line
from events.codec import encode
from events.decisions import TYPE_OF, Decision, Ignored, Reply, ThreadCreated, TurnError, TurnFailed, TurnStarted
from events.inbound import INBOUND_TYPE_OF, Control, Inbound, Message
from events.memory_log import MemoryLog
from events.recorded import Recorded, Unknown, Unreadable
from events.subjects import PARTITIONS, ChatKey, inbound_subject
from events.usage import TokenUsage
from projections.reads.actor_reads import ChatReads

ANA = ChatKey("shop", "5511999990001@s.whatsapp.net")
BIA = ChatKey("shop", "5511999990002@s.whatsapp.net")
GROUP = ChatKey("shop", "120363041234567890@g.us")
ELSEWHERE = ChatKey("bakery", ANA.chat)
NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
STREAM = NOON - timedelta(days=30)
ME = "here-1"


class Past:
    """A log that is written one event a second from noon on."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []
        self.now = NOON

    @property
    def last(self) -> Recorded:
        return self.events[-1]

    def happened(self, event: Inbound | Decision | Unreadable | Unknown, key: ChatKey = ANA, **given: Any) -> Recorded:
        """The next event of the log; `by` is the incarnation that decided, `side` that of unreadable bytes."""
        self.now += given.get("later", timedelta(seconds=1))
        seq = len(self.events) + 1
        if type(event) in INBOUND_TYPE_OF:
            side, type_, msg_id = "i", INBOUND_TYPE_OF[type(event)], f"{INBOUND_TYPE_OF[type(event)]}:{seq}"  # type: ignore[index]
        else:
            side, type_ = given.get("side", "o"), TYPE_OF.get(type(event), "in")  # type: ignore[arg-type]
            msg_id = f"{given.get('by', ME)}:{seq}"
        self.events.append(Recorded(seq, key, side, type_, self.now, msg_id, event))
        return self.last

    def message(self, id_: str, text: str = "hello", key: ChatKey = ANA, **fields: Any) -> Recorded:
        return self.happened(Message(id=id_, text=text, **fields), key)

    def control(self, id_: str, command: Any, key: ChatKey = ANA, **fields: Any) -> Recorded:
        return self.happened(Control(id=id_, command=command, **fields), key)

    def turn(self, turn: str, *messages: str, key: ChatKey = ANA, cause: str | None = None) -> Recorded:
        return self.happened(TurnStarted(turn=turn, messages=messages, backend="chat", at=self.now, cause=cause), key)

    def thread(self, thread: str, key: ChatKey = ANA, backend: str = "chat", reason: Any = "first") -> Recorded:
        return self.happened(ThreadCreated(backend=backend, thread=thread, reason=reason, at=self.now), key)

    def reply(
        self, turn: str | None, *messages: str, text: str = "hi there", key: ChatKey = ANA, **fields: Any
    ) -> Recorded:
        given = {"id": f"{turn}.r", "author": "assistant", "model": "small", "usage": TokenUsage(100, 10), **fields}
        return self.happened(
            Reply(turn=turn, chat=key.chat, account=key.account, text=text, in_reply_to=messages, at=self.now, **given),
            key,
        )

    def said(self, text: str, *messages: str, control: str = "c1", key: ChatKey = ANA) -> Recorded:
        """An operator's words, which end the messages."""
        given: dict[str, Any] = {"id": f"{control}.r", "author": "operator", "model": None, "usage": TokenUsage()}
        return self.reply(None, *messages, text=text, key=key, cause=control, **given)

    def failed(
        self, turn: str, *messages: str, key: ChatKey = ANA, told: bool = True, error: str = "timeout"
    ) -> Recorded:
        why = TurnError(class_=error, detail="no answer within 120 s")
        return self.happened(TurnFailed(turn=turn, messages=messages, error=why, told=told, at=self.now), key)

    def apology(self, turn: str, key: ChatKey = ANA) -> Recorded:
        given: dict[str, Any] = {"id": f"{turn}.a", "author": "system", "model": None, "usage": TokenUsage()}
        return self.reply(None, text="Sorry, that went wrong.", key=key, about=turn, **given)

    def ignored(self, *messages: str, reason: str = "stale", key: ChatKey = ANA, cause: str | None = None) -> Recorded:
        return self.happened(Ignored(messages=messages, reason=reason, at=self.now, cause=cause), key)

    def answered(self, number: int, key: ChatKey = ANA) -> None:
        """A whole turn: a message, its turn, its reply."""
        self.message(f"m{number}", f"question {number}", key)
        self.turn(f"t{number}", f"m{number}", key=key)
        self.reply(f"t{number}", f"m{number}", text=f"answer {number}", key=key)


async def store(log: MemoryLog, events: list[Recorded]) -> None:
    """Put these events after those that the log has, bytes and message ids included."""
    for recorded in events:
        if isinstance(recorded.event, Unreadable | Unknown):
            log.put(inbound_subject(recorded.key, "in"), b"{", {"Nats-Msg-Id": recorded.msg_id})
        elif recorded.side == "i":
            headers = {"Nats-Msg-Id": recorded.msg_id}
            log.put(inbound_subject(recorded.key, recorded.type), encode(recorded.event), headers)  # type: ignore[arg-type]
        else:
            last = await log.last_decision(recorded.key)
            expected = last.seq if last is not None else 0
            await log.append(recorded.key, recorded.event, expected=expected, msg_id=recorded.msg_id)  # type: ignore[arg-type]


def pending(reads: ChatReads) -> list[ChatKey]:
    """Every chat with pending work, in the order of their first events."""
    found = [row for number in range(PARTITIONS) for row in reads.pending(number, 0, 1000)]
    return [key for _, key in sorted(found)]


def undated(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines without their times, and without the names of people who write alone."""
    return tuple(msgspec.structs.replace(line, at=0, by="") for line in lines)
