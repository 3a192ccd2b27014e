"""Promises of every reply backend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from backends.chat_completions import ChatCompletions
from backends.protocol import ErrorClass, ReplyBackend, ReplyFailed, ReplyRequest
from backends.scripted import Scripted
from chat.context import Line
from tests.backends.asking import Naps, asked
from tests.doubles.openai_server import OpenAIDouble


class Subject(Protocol):
    """A backend with ways to make it fail or never answer."""

    name: str
    backend: ReplyBackend

    def failing(self, error_class: ErrorClass) -> ReplyRequest: ...

    def hanging(self, patience: float) -> ReplyRequest: ...

    async def until_asked(self) -> None: ...

    async def until_abandoned(self) -> None: ...


class ScriptedSubject:
    name = "scripted"

    def __init__(self) -> None:
        self.backend: ReplyBackend = Scripted()

    def failing(self, error_class: ErrorClass) -> ReplyRequest:
        return asked(f"!fail {error_class}")

    def hanging(self, patience: float) -> ReplyRequest:
        return asked("!sleep 30", patience=patience)

    async def until_asked(self) -> None:
        await asyncio.sleep(0)

    async def until_abandoned(self) -> None:
        assert asyncio.all_tasks() == {asyncio.current_task()}


FAULTS: dict[ErrorClass, str] = {
    "rate_limited": "rate_limit",
    "quota_exhausted": "quota",
    "provider_error": "server_error",
    "unreachable": "drop",
    "bad_key": "bad_key",
    "unknown_model": "unknown_model",
    "context_too_long": "context",
    "refused": "refusal",
    "malformed_answer": "not_json",
}


class ChatSubject:
    name = "chat"

    def __init__(self, double: OpenAIDouble) -> None:
        self._double = double
        self.backend: ReplyBackend = ChatCompletions(
            api_key=double.api_key, base_url=double.base_url, model="small-1", sleep=Naps()
        )

    def failing(self, error_class: ErrorClass) -> ReplyRequest:
        self._double.fail(FAULTS[error_class], times=None)
        return asked("hello", patience=3.0)  # the fifth wait at the latest does not fit into that

    def hanging(self, patience: float) -> ReplyRequest:
        self._double.fail("hang")
        return asked("hello", patience=patience)

    async def until_asked(self) -> None:
        await self._double.until(lambda requests: bool(requests) and requests[-1].fault == "hang")

    async def until_abandoned(self) -> None:
        await self._double.until(lambda requests: all(request.outcome == "client gone" for request in requests))


@pytest.fixture(params=["scripted", "chat"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "scripted":
        yield ScriptedSubject()
        return
    async with OpenAIDouble() as double:
        chat = ChatSubject(double)
        yield chat
        await chat.backend.close()


def test_it_is_called_what_events_call_it(subject: Subject) -> None:
    """`name` is the backend's name in turn_started and reply events."""
    assert subject.backend.name == subject.name


@pytest.mark.parametrize("texts", [["hello"], ["one", "two", "three"], [""], ["  \n "], ["🙂 olá"], ["x" * 900_000]])
async def test_a_reply_is_never_empty(subject: Subject, texts: list[str]) -> None:
    """Any answer has text, the writer's name and counted tokens."""
    answer = await subject.backend.reply(asked(*texts, history=(Line("user", "before"), Line("assistant", "yes"))))
    assert answer.text.strip()
    assert answer.model
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0


async def test_the_same_turn_is_answered_again(subject: Subject) -> None:
    """Answering keeps no state: a turn asked again after a crash gets the same answer."""
    first, again = [await subject.backend.reply(asked("hello")) for _ in range(2)]
    assert first.text == again.text


@pytest.mark.parametrize("error_class", FAULTS)
async def test_each_failure_is_a_reply_failed_of_its_class(subject: Subject, error_class: ErrorClass) -> None:
    """A failure is ReplyFailed, with its class and a detail for the log."""
    with pytest.raises(ReplyFailed) as failed:
        await subject.backend.reply(subject.failing(error_class))
    assert failed.value.error_class == error_class
    assert failed.value.detail


async def test_patience_is_the_limit(subject: Subject) -> None:
    """No answer within the turn's patience is ReplyFailed `timeout`, and nothing is left asking."""
    with pytest.raises(ReplyFailed) as failed:
        await subject.backend.reply(subject.hanging(patience=0.05))
    assert failed.value.error_class == "timeout"
    await subject.until_abandoned()


async def test_a_cancelled_reply_leaves_nothing_running(subject: Subject) -> None:
    """Cancelled while it waits, `reply` ends as cancelled, hangs up at the provider, and the backend still works."""
    running = asyncio.create_task(subject.backend.reply(subject.hanging(patience=30)))
    await subject.until_asked()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await subject.until_abandoned()
    assert (await subject.backend.reply(asked("still there?"))).text


async def test_many_chats_are_answered_at_once(subject: Subject) -> None:
    """One backend serves every chat of the process, and no answer strays to another chat."""
    answers = await asyncio.gather(*(subject.backend.reply(asked(f"I am {n}")) for n in range(50)))
    assert [answer.text.rpartition("I am ")[2] for answer in answers] == [str(n) for n in range(50)]


async def test_closing_twice_is_closing(subject: Subject) -> None:
    """`close` may be called on every way out."""
    await subject.backend.close()
    await subject.backend.close()
