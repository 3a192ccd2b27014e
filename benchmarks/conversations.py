"""Past conversations for a benchmark, as events of a chat and as lines of a transcript."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from benchmarks.bus import MODEL
from benchmarks.people import key_of, words
from benchmarks.transcript import Entry, Transcript
from events.decisions import Decision, Reply, ThreadCreated, TurnStarted
from events.inbound import Message
from events.log import EventLog
from events.subjects import ChatKey, token
from events.usage import TokenUsage

_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
_AT_ONCE = 64


def said(number: int) -> str:
    """A model's answer of about 100 characters."""
    return f"Answer {number}: sure, come by when it suits you, it takes half an hour and costs 25. Bring it along."


def chat_events(key: ChatKey, messages: int, burst_every: int = 0) -> Iterator[Message | Decision]:
    """A conversation with `messages` of the person, each answered; one in `burst_every` turns answers two at once."""
    number = turn = 0
    while number < messages:
        turn += 1
        size = 2 if burst_every and turn % burst_every == 0 and number + 2 <= messages else 1
        ids = tuple(f"before.{number + n}" for n in range(size))
        for n, id_ in enumerate(ids):
            yield Message(id=id_, sender=key.chat, name="Ana", at=_AT, text=words(number + n))
        number += size
        yield TurnStarted(turn=f"t{turn}", messages=ids, backend="chat", at=_AT)
        if turn == 1:
            yield ThreadCreated(backend="chat", thread=f"thread-{key.chat}", reason="first", at=_AT)
        yield Reply(
            id=f"t{turn}.r",
            turn=f"t{turn}",
            chat=key.chat,
            account=key.account,
            text=said(turn),
            in_reply_to=ids,
            author="assistant",
            at=_AT,
            backend="chat",
            model=MODEL,
            thread=f"thread-{key.chat}",
            run=f"chatcmpl-{turn}",
            usage=TokenUsage(400, 60),
        )


async def publish_conversations(log: EventLog, chats: int, messages: int, burst_every: int = 0) -> int:
    """Store a conversation with `messages` of the person in each of `chats`. Returns the number of events."""
    tickets = asyncio.Semaphore(_AT_ONCE)

    async def publish(person: int) -> int:
        key, last, stored = key_of(person), 0, 0
        async with tickets:
            for event in chat_events(key, messages, burst_every):
                stored += 1
                if isinstance(event, Message):
                    await log.publish(key, event, msg_id=f"in:{key.account}:{key.chat}:{event.id}")
                else:
                    appended = await log.append(key, event, expected=last, msg_id=f"before:{person}.{stored}")
                    last = appended.seq
        return stored

    return sum(await asyncio.gather(*(publish(person) for person in range(chats))))


def write_conversations(transcript: Transcript, chats: int, messages: int) -> None:
    """Write the same conversations for the bots beside recado."""
    transcript.add_all(_entries(range(chats), messages))


def _entries(persons: Sequence[int], messages: int) -> Iterator[Entry]:
    for person in persons:
        chat = token(key_of(person).chat)
        for number in range(messages):
            yield chat, f"before.{number}", "user", words(number)
            yield chat, f"before.{number}.r", "assistant", said(number)
