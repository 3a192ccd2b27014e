"""A fix that can be taken out, and the makers of its inputs."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest

from events.subjects import ChatKey, inbound_subject
from tests.fuzz.values import dumped
from tests.fuzz.world import World

Patch = pytest.MonkeyPatch
DEEP = b"[" * 100_000


class Fix(NamedTuple):
    """What comes in, how the fix is taken out, what the judge says then, and what is broken on purpose where the fix is
    a rule for what breaks."""

    comes: Callable[[World], Awaitable[None]]
    without: Callable[[Patch], None]
    shows: str
    breaks: Callable[[Patch], None] | None = None


def put(world: World, kind: str, body: bytes, key: ChatKey | None = None) -> ChatKey:
    key = key or world.chat()
    world.log.put(inbound_subject(key, kind), body)
    return key


async def hello(world: World) -> None:
    put(world, "in", b'{"id": "m1", "text": "hello"}')


def answering(world: World, spoil: Callable[[dict[str, Any]], None]) -> None:
    """Have the model's first answer to a turn spoiled so."""

    def made(body: bytes, asked: bytes) -> bytes:
        if b'"role":"tool"' in asked or b'"choices"' not in body:
            return body
        answer = json.loads(body)
        spoil(answer)
        return dumped(answer)

    world.provider.share = 1.0
    world.provider.statuses = (200,)
    world.provider._made = made  # type: ignore[method-assign]
    world.provider.reply = lambda _: "all is well"


def behave(world: World, reply: Callable[[list[Any]], str]) -> None:
    """Have model, Meta and tools do nothing strange any more."""
    for double in (world.provider, world.meta, world.tools):
        for name in ("_made", "_result", "metadata"):
            double.__dict__.pop(name, None)
    world.provider.share = world.meta.share = 0.0
    world.provider.reply = reply


def calling(world: World, name: str, arguments: str) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}}

    def asks(answer: dict[str, Any]) -> None:
        answer["choices"][0] |= {"finish_reason": "tool_calls", "message": {"content": None, "tool_calls": [call]}}

    answering(world, asks)
