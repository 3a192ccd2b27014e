"""Answers of models and tools that did harm once, and the fixes taken out again."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from actors.tools import services as service_tools
from actors.tools.protocol import ToolResult
from actors.tools.python import PythonTool
from backends.provider.client import Wire
from events.subjects import ChatKey
from tests.fuzz.fixes.fix import DEEP, Patch, answering, calling, hello
from tests.fuzz.values import dumped
from tests.fuzz.world import World


async def deep_arguments(world: World) -> None:
    calling(world, "ask", '{"a":' * 5000 + "1" + "}" * 5000)
    await hello(world)


def without_depth(patch: Patch) -> None:
    def unpacked(arguments: str) -> tuple[dict[str, Any], bytes]:
        given = msgspec.json.decode(arguments)
        return given, msgspec.json.encode(given)

    patch.setattr("actors.tools.toolbox.unpacked", unpacked)


async def leaving_tool(world: World) -> None:
    def leaves(_: str) -> Any:
        raise SystemExit(3)

    world.tools._result = leaves  # type: ignore[method-assign]
    calling(world, "ask", "{}")
    await hello(world)


def without_tool_rule(patch: Patch) -> None:
    async def call(tool: PythonTool, key: ChatKey, _: bytes) -> ToolResult:
        return ToolResult(await tool._function(chat=key.chat))

    patch.setattr(PythonTool, "call", call)


async def wild_tokens(world: World) -> None:
    answering(world, lambda answer: answer["usage"].update(prompt_tokens=2**70))
    await hello(world)


def without_token_bounds(patch: Patch) -> None:
    patch.setattr("actors.usage._counted", lambda tokens: tokens)
    patch.setattr("backends.chat_answer.count", lambda tokens: tokens or 0)


async def deep_answer(world: World) -> None:
    answering(world, lambda _: None)
    world.provider._made = lambda *_: DEEP  # type: ignore[method-assign]
    await hello(world)


def without_checked_answers(patch: Patch) -> None:
    patch.setattr(Wire, "read", lambda _, answer, shape: msgspec.json.decode(answer, type=shape))
    patch.setattr("backends.chat_answer.UNREADABLE", (msgspec.DecodeError,))


def described(world: World, subject: str, name: str) -> None:
    endpoint = {"subject": subject, "metadata": {service_tools.METADATA: json.dumps({"name": name})}}
    world.tools.metadata = lambda: dumped({"name": "s", "endpoints": [endpoint]})  # type: ignore[method-assign]


async def strange_subject(world: World) -> None:
    described(world, "wa.control.shop.x", "prices")
    await world.tools.look(1)


def without_prefix(patch: Patch) -> None:
    patch.setattr(service_tools, "SUBJECT", re.compile(".*"))


async def taken_name(world: World) -> None:
    described(world, "tools.a", service_tools.HANDOFF)
    await world.tools.look(1)


def without_built_in(patch: Patch) -> None:
    patch.setattr(service_tools, "BUILT_IN", frozenset())
