"""Tools, descriptions and arguments from services, models and functions of a shop may hold anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import nats.micro
import pytest
from nats.micro.request import Request
from structlog.testing import capture_logs

from actors import metrics
from actors.tools.arguments import DEEPEST, LONGEST
from actors.tools.python import PythonTool
from actors.tools.services import ServiceTools
from actors.tools.toolbox import Toolbox
from events.jetstream.connection import Bus
from tests.actors.house import ANA
from tests.waiting import until

NAMED = {"name": "prices", "description": "What things cost."}


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


async def _offered(bus: Bus, subject: str, described: str) -> tuple[list[str], list[str]]:
    async def answer(request: Request) -> None:
        await request.respond(b"1")

    service = await nats.micro.add_service(bus, name="shop", version="1.0.0")
    await service.add_endpoint(name="one", subject=subject, handler=answer, metadata={"recado.tool": described})
    tools = ServiceTools(bus)

    async def answered() -> bool:
        await tools.look()
        return bool(tools.found or logs)

    with capture_logs() as logs:
        await until(answered)  # on a busy machine a service may answer after the look
        await tools.look()
    await service.stop()
    return sorted(tools.found), [entry["reason"] for entry in logs if entry["event"] == "tool_unusable"]


@pytest.mark.parametrize(
    "subject",
    [
        *("wa.control.local.x", "evt.1.local.x.o.reply", "$KV.LEASES.p.3", "$JS.API.STREAM.DELETE.EVENTS", "prices"),
        *("tools", "toolsx.prices", "tools.*", "tools.>", "tools.a.>", "_INBOX.tools.x", "TOOLS.prices"),
    ],
)
async def test_a_service_is_asked_under_the_prefix_of_tools_alone(bus: Bus, subject: str) -> None:
    """The instance publishes with its own rights: another subject is refused, logged once, counted."""
    before = metrics.tools_refused._value.get()
    found, reasons = await _offered(bus, subject, json.dumps(NAMED))
    assert found == []
    assert len(reasons) == 1
    assert "begins with tools." in reasons[0]
    assert metrics.tools_refused._value.get() == before + 1


@pytest.mark.parametrize(
    "described",
    [
        json.dumps(NAMED | {"name": "handoff"}),
        json.dumps(NAMED | {"description": "x" * 40_000}),
        json.dumps(NAMED | {"parameters": json.loads(nested(DEEPEST + 2))}),
        json.dumps(NAMED)[:-1] + ', "parameters": ' + nested(3_000) + "}",
        json.dumps(NAMED | {"description": "\ud800"}),
        json.dumps(NAMED | {"parameters": [1]}),
        json.dumps(NAMED | {"name": "a b"}),
        "null",
        "",
    ],
)
async def test_a_description_that_does_not_do_is_refused(bus: Bus, described: str) -> None:
    """Size, depth, shape, a name of recado's own: each is a log line, and nothing raises."""
    found, reasons = await _offered(bus, "tools.prices", described)
    assert found == []
    assert len(reasons) == 1
    assert len(reasons[0]) <= 300


async def test_a_described_tool_under_the_prefix_is_offered(bus: Bus) -> None:
    """The refusals above are not of everything."""
    assert await _offered(bus, "tools.prices", json.dumps(NAMED)) == (["prices"], [])


def looks(given: dict[str, Any] | None = None) -> str:
    return str(given)


@pytest.mark.parametrize(
    "arguments",
    [
        *(nested(1_000), nested(100_000), nested(DEEPEST + 1), '{"a":' + "[" * 50 + "]" * 50 + "}"),
        *('{"a":"' + "x" * LONGEST + '"}', '{"given":{"a":"\\ud800"}}', "null", "\ud800", "\0"),
    ],
)
async def test_arguments_of_any_shape_are_a_result(bus: Bus, arguments: str) -> None:
    """Too deep, too long, not an object, not to be encoded: the model is told that they do not fit."""
    toolbox = Toolbox({"looks": PythonTool(looks)}, ServiceTools(bus))
    result = await toolbox.call(ANA, "looks", arguments)
    assert result.failed
    assert result.unfit


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


RAISED: list[Callable[[], BaseException]] = [
    *(lambda: SystemExit(3), KeyboardInterrupt, GeneratorExit, asyncio.CancelledError, StopIteration, Mute),
    *(RecursionError, MemoryError, lambda: BaseExceptionGroup("two", [SystemExit(1)])),
]


@pytest.mark.parametrize("made", RAISED)
@pytest.mark.parametrize("kind", ["thread", "coroutine"])
async def test_a_tool_may_raise_anything(bus: Bus, made: Callable[[], BaseException], kind: str) -> None:
    """It is a failed result, and the thread's slot is given back."""

    def breaks() -> str:
        raise made()

    async def breaks_too() -> str:
        raise made()

    tool = PythonTool(breaks if kind == "thread" else breaks_too)
    toolbox = Toolbox({"breaks": tool}, ServiceTools(bus))
    result = await asyncio.wait_for(toolbox.call(ANA, "breaks", "{}"), 60)
    assert result.failed
    assert not result.unfit
    assert tool._threads == 0


async def test_a_call_that_we_end_is_ended(bus: Bus) -> None:
    """A cancellation of ours is no failure of the tool."""

    async def waits() -> str:
        await asyncio.Event().wait()
        return ""

    call = asyncio.create_task(Toolbox({"waits": PythonTool(waits)}, ServiceTools(bus)).call(ANA, "waits", "{}"))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
