"""A chat in the terminal, from a keyboard and from a pipe."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from events.decisions import Decision, Ignored, TurnError, TurnFailed
from events.inbound import Message
from events.log import EventLog, LogUnavailable
from events.memory_log import MemoryLog
from events.subjects import ChatKey, chat_filter
from gateways.delivery.checkpoint import GatewayRunning
from gateways.delivery.delivery import Delivery
from gateways.local import screen as screen_module
from gateways.local.terminal import ACCOUNT, run_terminal
from tests.gateways.replies import NOON, Phone, decide, delivering, reply, say

ME = ChatKey(ACCOUNT, "5511999999999@s.whatsapp.net")


def echo(message: Message) -> list[Decision]:
    return [reply(f"re-{message.id}", ME, text=f"You said: {message.text}", in_reply_to=(message.id,))]


@asynccontextmanager
async def answering(log: EventLog, decides: Callable[[Message], list[Decision]] = echo) -> AsyncIterator[None]:
    """Somebody who decides on every message of the chat."""

    async def answer() -> None:
        async for batch in log.tail(0, chat_filter(ME)):
            for recorded in batch:
                if isinstance(recorded.event, Message):
                    for decision in decides(recorded.event):
                        await decide(log, decision, ME)

    running = asyncio.create_task(answer())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def piped(log: EventLog, data_dir: Path, typed: str) -> tuple[int, str]:
    """The exit code and the output of a terminal that reads from a pipe."""
    out = io.StringIO()
    async with asyncio.timeout(60):
        code = await run_terminal(
            log, ACCOUNT, ME.chat, name="Zé", stdin=io.StringIO(typed), stdout=out, data_dir=data_dir
        )
    return code, out.getvalue()


class Keyboard(io.TextIOWrapper):
    """A terminal's input that a test types on."""

    def __init__(self) -> None:
        reading, self._writing = os.pipe()
        super().__init__(os.fdopen(reading, "rb"), encoding="utf-8")

    def isatty(self) -> bool:
        return True

    def type(self, line: str) -> None:
        os.write(self._writing, line.encode() + b"\n")

    def control_d(self) -> None:
        os.close(self._writing)


class Display(io.StringIO):
    """A terminal's output that a test can wait for."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()

    def write(self, text: str) -> int:
        self._loop.call_soon(self._changed.set)
        return super().write(text)

    async def showing(self, text: str) -> None:
        async with asyncio.timeout(60):
            while text not in self.getvalue():
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
async def chatting(log: EventLog, data_dir: Path) -> AsyncIterator[tuple[Keyboard, Display, asyncio.Task[int]]]:
    """Somebody sits at a terminal."""
    keyboard, display = Keyboard(), Display()
    task = asyncio.create_task(
        run_terminal(log, ACCOUNT, ME.chat, name=None, stdin=keyboard, stdout=display, data_dir=data_dir)
    )
    await display.showing("> ")
    yield keyboard, display, task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    keyboard.close()


async def test_every_piped_line_gets_its_reply(log: EventLog, data_dir: Path) -> None:
    """Each line is a message, blank ones are none; it ends by itself when all is answered, with exit code 0."""
    async with answering(log):
        code, output = await piped(log, data_dir, "one\n\n  \ntwo\nthree")
    assert code == 0
    assert output == "You said: one\nYou said: two\nYou said: three\n"


async def test_no_line_at_all(log: EventLog, data_dir: Path) -> None:
    """An empty pipe is answered by nothing, at once."""
    assert await piped(log, data_dir, "") == (0, "")


async def test_one_reply_to_a_burst(log: EventLog, data_dir: Path) -> None:
    """Lines that are answered together end together."""
    seen: list[str] = []

    def together(message: Message) -> list[Decision]:
        seen.append(message.id)
        return [reply("r1", ME, text="to both", in_reply_to=tuple(seen))] if len(seen) == 2 else []

    async with answering(log, together):
        assert await piped(log, data_dir, "one\ntwo\n") == (0, "to both\n")


async def test_an_ignored_line_says_why(log: EventLog, data_dir: Path) -> None:
    """It is an ending too."""
    async with answering(log, lambda m: [Ignored(messages=(m.id,), reason="paused", at=NOON)]):
        assert await piped(log, data_dir, "hello\n") == (0, "! ignored: paused\n")


async def test_an_ignored_line_may_have_a_word_about_it(log: EventLog, data_dir: Path) -> None:
    """The chat has used up its tokens: the terminal waits for what the person is told."""

    def refuse(message: Message) -> list[Decision]:
        ignored = Ignored(messages=(message.id,), reason="budget", at=NOON, told=True)
        return [ignored, reply("m.b", ME, text="Enough for today.", author="system", about=message.id)]

    async with answering(log, refuse):
        assert await piped(log, data_dir, "hello\n") == (0, "! ignored: budget\nEnough for today.\n")


@pytest.mark.parametrize("told", [True, False])
async def test_a_failed_turn_is_named_and_its_apology_shown(log: EventLog, data_dir: Path, told: bool) -> None:
    """If an apology is due, the terminal waits for it; if none is, the failure is the end."""

    def fail(message: Message) -> list[Decision]:
        error = TurnError(class_="bad_key", detail="Incorrect API key provided")
        failed = TurnFailed(turn="t1", messages=(message.id,), error=error, told=told, at=NOON)
        return [failed, reply("t1.a", ME, text="Sorry.", author="system", about="t1")] if told else [failed]

    async with answering(log, fail):
        code, output = await piped(log, data_dir, "hello\n")
    assert code == 0
    assert output.splitlines() == ["! no reply: bad_key: Incorrect API key provided"] + (["Sorry."] if told else [])


async def test_words_of_a_model_cannot_steer_the_terminal(log: EventLog, data_dir: Path) -> None:
    """Escape sequences, carriage returns and C1 controls do not reach the screen; line ends and tabs do."""
    hostile = "a\x1b]0;owned\x07b\rc\x9b31md\n\te"
    async with answering(log, lambda m: [reply("r1", ME, text=hostile, in_reply_to=(m.id,))]):
        _code, output = await piped(log, data_dir, "hello\n")
    assert output == "a]0;ownedb\nc31md\n\te\n"


async def test_a_line_that_cannot_be_stored(log: EventLog, data_dir: Path) -> None:
    """It is named, the others are answered, and the exit code says that something was lost on the way in."""
    async with answering(log):
        code, output = await piped(log, data_dir, "x" * 2_000_000 + "\nshort\n")
    assert code == 1
    first, second = output.splitlines()
    assert first.startswith("! not sent: the event has 2,000,")
    assert second == "You said: short"


async def test_without_a_bus_a_line_is_named_and_not_lost_in_silence(data_dir: Path) -> None:
    """The log that went away after the start: the person is told that the line was not sent."""

    class Going(MemoryLog):
        async def publish(self, *_args: Any, **_named: Any) -> Any:
            raise LogUnavailable("the connection is lost")

    assert await piped(Going(), data_dir, "hello\n") == (1, "! not sent: the connection is lost\n")


async def test_chatting(log: EventLog, chatting: tuple[Keyboard, Display, asyncio.Task[int]]) -> None:
    """One types, the reply comes, one types again; Ctrl-D ends it with exit code 0."""
    keyboard, display, task = chatting
    async with answering(log):
        keyboard.type("hello")
        await display.showing("You said: hello\n> ")
        keyboard.type("bye")
        await display.showing("You said: bye\n> ")
    keyboard.control_d()
    async with asyncio.timeout(60):
        assert await task == 0
    assert "when you are back" not in display.getvalue()


async def test_leaving_early_and_coming_back(
    log: EventLog, data_dir: Path, chatting: tuple[Keyboard, Display, asyncio.Task[int]]
) -> None:
    """A reply that comes after Ctrl-D is shown at the next start."""
    keyboard, display, task = chatting
    stored = asyncio.create_task(_first_message(log))
    keyboard.type("hello")
    message = await stored
    keyboard.control_d()
    async with asyncio.timeout(60):
        assert await task == 0
    assert "the reply comes when you are back" in display.getvalue()
    await decide(log, reply("r1", ME, text="at last", in_reply_to=(message.id,)), ME)
    again = Display()
    back = Keyboard()
    second = asyncio.create_task(
        run_terminal(log, ACCOUNT, ME.chat, name=None, stdin=back, stdout=again, data_dir=data_dir)
    )
    await again.showing("at last")
    back.control_d()
    async with asyncio.timeout(60):
        await second
    back.close()


async def test_a_reply_in_doubt_is_named_and_not_printed_again(log: EventLog, data_dir: Path) -> None:
    """Killed between printing and writing it down: the person is told where to look."""
    async with delivering(log, Phone(), data_dir, account=ACCOUNT):
        pass
    await say(log, "r1", key=ME)
    crashed = Phone()
    crashed.hold("r1")
    running = asyncio.create_task(Delivery(log, ACCOUNT, crashed, data_dir=data_dir).run())
    await crashed.showing("r1")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    async with answering(log):
        code, output = await piped(log, data_dir, "hello\n")
    assert code == 0
    assert output.splitlines() == [
        f"! a reply may not have been shown: recado history {ME.chat} --account {ACCOUNT}",
        "You said: hello",
    ]


async def test_two_terminals_on_one_account(log: EventLog, data_dir: Path) -> None:
    """The second one is told, instead of taking the first one's replies."""
    async with delivering(log, Phone(), data_dir, account=ACCOUNT):
        with pytest.raises(GatewayRunning, match="choose another account"):
            await piped(log, data_dir, "hello\n")


async def test_no_reply_comes(log: EventLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while the person is told what to look for, and the terminal waits on."""
    monkeypatch.setattr(screen_module, "SLOW_AFTER", 0.01)
    out = Display()
    task = asyncio.create_task(
        run_terminal(log, ACCOUNT, ME.chat, name=None, stdin=io.StringIO("hello\n"), stdout=out, data_dir=data_dir)
    )
    await out.showing("is `recado up` or `recado serve` running?")
    async with answering(log), asyncio.timeout(60):
        assert await task == 0
    assert "You said: hello" in out.getvalue()


async def _first_message(log: EventLog) -> Message:
    async for batch in log.tail(0, chat_filter(ME)):
        for recorded in batch:
            if isinstance(recorded.event, Message):
                return recorded.event
    raise AssertionError("the log was closed")


def test_reading_holds_no_process_back() -> None:
    """The thread that reads the keyboard is a daemon: Ctrl-C ends the process while it waits for a line."""
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "recado-stdin")
