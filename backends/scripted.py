"""Replies that need no model: the same messages give the same reply, for tests and benchmarks.

The reply is `echo: ` and the texts of the turn's messages, joined by ` | `. A message can steer it, also from another
process, with a command at the beginning of its text:

    !sleep SECONDS       the reply takes that much longer
    !fail CLASS          no reply: ReplyFailed of that class (one of backends.protocol.ErrorClass)
    !once-fail CLASS     the same, but only the first time that this backend meets this text in this chat

    !tool NAME ARGUMENTS the tool is called with these arguments (JSON), and the reply is `NAME: ` and its output

More words may follow the command, and the whole text is echoed as usual: `!sleep 2 good morning`.
"""

from __future__ import annotations

import asyncio
import math
from typing import Final, get_args

from backends.protocol import (
    Answer,
    ErrorClass,
    ReplyFailed,
    ReplyRequest,
    ToolCall,
    ToolsWanted,
    Transcript,
    Usage,
    no_answer,
)
from events.details import Detail

ERROR_CLASSES: tuple[ErrorClass, ...] = get_args(ErrorClass)

_LONGEST_SLEEP = 86_400
"""Seconds."""


class Scripted:
    """A ReplyBackend that echoes after `latency` seconds."""

    name: Final = "scripted"

    def __init__(self, *, latency: float = 0.0) -> None:
        self._latency = latency
        self._failed_once: set[tuple[str, str, str]] = set()

    async def reply(self, request: ReplyRequest) -> Answer | ToolsWanted:
        try:
            async with asyncio.timeout(request.patience):
                await asyncio.sleep(self._latency)
                for line in request.messages:
                    await self._obey(line.text, request)
        except TimeoutError as late:
            raise ReplyFailed("timeout", no_answer(request.patience)) from late
        if wanted := _wanted(request):
            return ToolsWanted(wanted)
        told = [f"{call.name}: {call.output}" for call in request.calls]
        text = "echo: " + " | ".join(told or [line.text for line in request.messages])
        shown = (*request.history, *request.messages)
        usage = Usage(input_tokens=sum(_words(line.text) for line in shown), output_tokens=_words(text))
        return Answer(text=text, model="scripted", usage=usage)

    async def close(self) -> None:
        """Nothing to close."""

    async def _obey(self, text: str, request: ReplyRequest) -> None:
        match text.split(maxsplit=2):
            case ["!sleep", seconds, *_]:
                await asyncio.sleep(_seconds(seconds))
            case ["!fail", error_class, *_]:
                raise _failure(error_class)
            case ["!once-fail", error_class, *_]:
                met = (request.account, request.chat, text)
                if met not in self._failed_once:
                    self._failed_once.add(met)
                    raise _failure(error_class)


async def heard(audio: bytes, mime: str, patience: float, in_turn: object) -> Transcript:  # noqa: ARG001 - any listener's
    """A transcript that states the size of the audio."""
    return Transcript(f"{len(audio)} bytes of {mime}", "scripted")


def _wanted(request: ReplyRequest) -> tuple[ToolCall, ...]:
    """The calls that the messages ask for and that have no output yet."""
    done = {call.id for call in request.calls}
    calls = []
    for number, line in enumerate(request.messages):
        match line.text.split(maxsplit=2):
            case ["!tool", name, *arguments]:
                call = ToolCall(id=f"{request.turn}-{number}", name=name, arguments=" ".join(arguments) or "{}")
                calls += [] if call.id in done else [call]
    return tuple(calls)


def _seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _LONGEST_SLEEP:  # NaN is neither
        raise ReplyFailed("bad_request", Detail.NO_SUCH_SLEEP.said(longest=_LONGEST_SLEEP, word=repr(word[:40])))
    return seconds


def _failure(word: str) -> ReplyFailed:
    for error_class in ERROR_CLASSES:
        if word == error_class:
            return ReplyFailed(error_class, Detail.ASKED_FOR.said())
    return ReplyFailed("bad_request", Detail.NO_SUCH_CLASS.said(word=repr(word), names=", ".join(ERROR_CLASSES)))


def _words(text: str) -> int:
    return len(text.split())
