"""`recado pause`, `resume`, `reset` and `send`: an order is stored, and its outcome is printed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from events.decisions import Approved, Blocked, Decision, Ignored, Paused, Reset, Resumed, TurnStarted
from events.inbound import Control
from events.jetstream.log import JetStreamLog
from tests.recado.command import Command
from tests.recado.instance import ANA, AT, decide_on, reply


def obey(control: Control) -> list[Decision]:
    match control.command:
        case "pause":
            return [Paused(until=control.until, at=AT, by=control.by, cause=control.id)]
        case "resume":
            return [Resumed(at=AT, cause=control.id)]
        case "reset":
            return [Reset(upto=1, at=AT, cause=control.id)]
        case "approve":
            return [Approved(at=AT, cause=control.id)]
        case "block":
            return [Blocked(at=AT, cause=control.id)]
        case "retry":
            return [TurnStarted(turn="t2", messages=control.messages, backend="chat", at=AT, cause=control.id)]
        case _:
            return [reply("m1", "m2", text=control.text or "", author="operator", cause=control.id)]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("pause", "5511999990001"), "Paused until it is resumed."),
        (("resume", "5511999990001"), "Resumed."),
        (("reset", "5511999990001"), "Reset: the next message starts a new conversation."),
        (("send", "5511999990001", "it is me"), "Sent. It answers 2 waiting messages."),
        (("approve", "5511999990001"), "Approved: what is written from now on is answered."),
        (("block", "5511999990001"), "Blocked."),
        (("retry", "5511999990001", "m1", "m2"), "Tried again: 2 messages."),
    ],
)
async def test_an_order_is_obeyed_and_told(
    on_bus: Command, jetstream_log: JetStreamLog, args: tuple[str, ...], told: str
) -> None:
    """The order says who gave it; other decisions of the chat are not mistaken for the answer."""
    ordering = asyncio.create_task(on_bus(*args))
    control = await decide_on(
        jetstream_log, Control, lambda control: [Resumed(at=AT, cause="another"), Resumed(at=AT), *obey(control)]
    )
    assert await ordering == (0, told + "\n", "")
    assert control.command == args[0]
    assert (control.by or "").startswith("cli:")


async def test_a_refused_order_fails_with_its_reason(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """Exit 1: the order was refused."""
    ordering = asyncio.create_task(on_bus("send", ANA.chat, " "))
    await decide_on(
        jetstream_log, Control, lambda control: [Ignored(messages=(), reason="empty", at=AT, cause=control.id)]
    )
    assert await ordering == (1, "", "Not done: empty\n")


async def test_an_order_without_an_instance_is_kept(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """No instance runs: the order is in the log, and the next one to run will obey it."""
    done = await on_bus("pause", ANA.chat)
    assert (done.code, done.out) == (0, "")
    assert "The order is stored." in done.err
    assert (await jetstream_log.head()).last == 1


@pytest.mark.parametrize(
    ("until", "lasts"), [("90m", timedelta(minutes=90)), ("45", timedelta(seconds=45)), ("2d", timedelta(days=2))]
)
async def test_a_pause_may_have_a_length(
    on_bus: Command, jetstream_log: JetStreamLog, until: str, lasts: timedelta
) -> None:
    """Counted by the bus's clock, not by this machine's."""
    ordering = asyncio.create_task(on_bus("pause", ANA.chat, "--until", until))
    before = (await jetstream_log.head()).now
    control = await decide_on(jetstream_log, Control, obey)
    assert control.until is not None
    assert before + lasts <= control.until <= (await jetstream_log.head()).now + lasts
    assert (await ordering).out.startswith("Paused until 20")


async def test_a_pause_may_have_an_end(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """A time with a zone is that time; without one it is this machine's."""
    ordering = asyncio.create_task(on_bus("pause", ANA.chat, "--until", "2199-12-24T18:00+01:00", TZ="UTC"))
    assert (await decide_on(jetstream_log, Control, obey)).until == datetime(2199, 12, 24, 17, tzinfo=UTC)
    assert (await ordering).out == "Paused until 2199-12-24 17:00:00.\n"
    local = asyncio.create_task(on_bus("pause", ANA.chat, "--until", "2199-12-24T18:00", TZ="America/Sao_Paulo"))
    after = (await jetstream_log.head()).last
    assert (await decide_on(jetstream_log, Control, obey, after=after)).until == datetime(2199, 12, 24, 21, tzinfo=UTC)
    assert (await local).code == 0
