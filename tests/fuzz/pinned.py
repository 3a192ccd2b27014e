"""Inputs that did harm once, and how each fix against them is taken out again.

Of some a part of recado has to break: then the fix is the rule by which that stops nobody (`rule`), and the judge
forgives what is set aside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec
import pytest

from actors.instance import ToolResult
from actors.tools import services as service_tools
from actors.tools.python import PythonTool
from backends.provider.client import Wire
from chat import evolve as folding
from chat.broken import SetAside
from chat.decide import decide
from chat.state import Waiting
from events import codec
from events.inbound import Receipt
from events.recorded import UNREADABLE, Unreadable
from events.subjects import ChatKey, inbound_subject
from gateways.cloud import graph
from gateways.delivery.delivery import Delivery
from gateways.delivery.formatting import to_whatsapp
from gateways.delivery.ledger import Ledger
from gateways.delivery.splitting import split
from projections.projection import Projection
from tests.doubles import graph_webhooks as hooks
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


async def silent_file(world: World) -> None:
    world.objects.files["empty"] = b""
    media = {"object": "empty", "mime": "text/plain"}
    put(world, "in", dumped({"id": "silent-voice-1", "kind": "document", "media": media}))


def without_vocabularies(patch: Patch) -> None:
    patch.setattr("actors.append.UNREADABLE", UNREADABLE | {"file_unreadable"})
    patch.setattr("actors.append.unreadable_seq", lambda id_: int(id_.removeprefix("seq:")))


async def id_of_bytes(world: World) -> None:
    key = world.chat()
    put(world, "in", b'{"id": "seq:%d", "text": "hi"}' % ((await world.log.head()).last + 2), key)
    put(world, "edit", b"private", key)


def without_malformed_id(patch: Patch) -> None:
    addressed = codec._addressed

    def loosely(key: ChatKey, event: Any) -> Any:
        read = addressed(key, event)
        return event if isinstance(read, Unreadable) and read.reason == "malformed_id" else read

    patch.setattr(codec, "_addressed", loosely)


async def wild_number(world: World) -> None:
    put(world, "receipt", b'{"id": "r", "reply": "x", "state": "sent", "part": 9223372036854775808}')


class Loosely:
    """Reads a receipt whose numbers have no bounds."""

    type = Receipt

    @staticmethod
    def decode(body: bytes) -> Receipt:
        return Receipt(**json.loads(body))


def without_bounds(patch: Patch) -> None:
    patch.setitem(codec._decoders, "receipt", Loosely())  # type: ignore[arg-type]


def without_setting_aside(patch: Patch) -> None:
    def fails(_: Projection, __: Any, error: Exception) -> Any:
        raise error

    patch.setattr(Projection, "_set_aside", fails)


async def bytes_alone(world: World) -> None:
    put(world, "control", b'{"id": "c", "command": "template"}')


def without_silence(patch: Patch) -> None:
    def told(*fields: Any, **_: Any) -> Waiting:
        return Waiting(*fields)

    patch.setattr(folding, "Waiting", told)


async def poisoned_edit(world: World) -> None:
    put(world, "edit", b'{"id": "poison", "of": "m1", "text": "x"}')


def breaking_fold(patch: Patch) -> None:
    came_in = folding._came_in

    def breaks(chat: Any, recorded: Any) -> Any:
        if getattr(recorded.event, "id", "") == "poison":
            raise OverflowError("too large")
        return came_in(chat, recorded)

    patch.setattr(folding, "_came_in", breaks)


def without_fold_rule(patch: Patch) -> None:
    for place in ("actors.chat_actor.evolve", "projections.tables.chat_row.evolve"):
        patch.setattr(place, folding._evolve)


async def poisoned_message(world: World) -> None:
    put(world, "in", b'{"id": "poison", "text": "hello"}')


def breaking_decision(patch: Patch) -> None:
    def breaks(chat: Any, command: Any, facts: Any) -> Any:
        if any(message.id == "poison" for message in chat.waiting) and not isinstance(command, SetAside):
            raise ValueError("a defect")
        return decide(chat, command, facts)

    patch.setattr("actors.chat_actor.decide", breaks)


def never_set_aside(patch: Patch) -> None:
    patch.setattr("actors.chat_actor.MOST_BREAKS", 10**9)


async def deep_reply(world: World) -> None:
    world.provider.reply = lambda _: "*a " * 500 + "a*" * 500
    await hello(world)


def without_plain_texts(patch: Patch) -> None:
    patch.setattr("recado.wiring.cloud_gateway.texts_of", lambda reply: split(to_whatsapp(reply.text)))


def without_parking(patch: Patch) -> None:
    async def fails(_: Delivery, __: Any, ___: int, defect: Exception) -> None:
        raise defect

    patch.setattr(Delivery, "_park_broken", fails)


async def long_reply(world: World) -> None:
    world.provider.reply = lambda _: "One sentence of it. " * 5_000
    await hello(world)


def without_longest(patch: Patch) -> None:
    patch.setattr("gateways.delivery.texts.LONGEST", 10**9)


def breaking_ledger(patch: Patch) -> None:
    fold = Ledger.fold

    def breaks(ledger: Ledger, recorded: Any) -> None:
        fold(ledger, recorded)
        if getattr(recorded.event, "id", "") == "poison":
            raise OverflowError("too large")

    patch.setattr(Ledger, "fold", breaks)


def without_ledger_rule(patch: Patch) -> None:
    patch.setattr(Delivery, "_take", lambda delivery, recorded: delivery._ledger.fold(recorded))


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
    patch.setattr("actors.effects._counted", lambda tokens: tokens)
    patch.setattr("backends.chat_completions.count", lambda tokens: tokens or 0)


async def deep_answer(world: World) -> None:
    answering(world, lambda _: None)
    world.provider._made = lambda *_: DEEP  # type: ignore[method-assign]
    await hello(world)


def without_checked_answers(patch: Patch) -> None:
    patch.setattr(Wire, "read", lambda _, answer, shape: msgspec.json.decode(answer, type=shape))


async def deep_graph(world: World) -> None:
    world.meta.share = 1.0
    world.meta._made = lambda: (200, DEEP)  # type: ignore[method-assign]
    await hello(world)


def without_checked_graph(patch: Patch) -> None:
    patch.setattr(graph, "_read", lambda _, text: msgspec.json.decode(text, type=graph._Answer))


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


async def deep_webhook(world: World) -> None:
    body = b'{"entry": [{"changes": [' + DEEP
    status = await world.webhooks.post(body, hooks.signed(body))
    assert status == 200, status


def without_checked_webhooks(patch: Patch) -> None:
    patch.setattr("gateways.cloud.parsing._UNREADABLE", (msgspec.DecodeError,))


FIXES: dict[str, Fix] = {
    "a file's fault is no word for bytes": Fix(silent_file, without_vocabularies, "actor_broke"),
    "an id names no bytes": Fix(id_of_bytes, without_malformed_id, "no dead letter"),
    "numbers have bounds": Fix(wild_number, without_bounds, "event_set_aside"),
    "a table sets aside": Fix(wild_number, without_setting_aside, "recado ended", without_bounds),
    "nobody is told of bytes": Fix(bytes_alone, without_silence, "told of bytes"),
    "a fold sets aside": Fix(poisoned_edit, without_fold_rule, "recado ended", breaking_fold),
    "a chat sets aside": Fix(poisoned_message, never_set_aside, "without an ending", breaking_decision),
    "what cannot be formatted goes plainly": Fix(deep_reply, without_plain_texts, "reply_broken"),
    "what cannot be sent is parked": Fix(deep_reply, without_parking, "recado ended", without_plain_texts),
    "a reply has a longest length": Fix(long_reply, without_longest, "more than 12 messages"),
    "a ledger sets aside": Fix(poisoned_edit, without_ledger_rule, "recado ended", breaking_ledger),
    "arguments are not deep": Fix(deep_arguments, without_depth, "actor_broke"),
    "a tool raises anything": Fix(leaving_tool, without_tool_rule, "3"),
    "tokens have bounds": Fix(wild_tokens, without_token_bounds, "without an ending|actor_broke"),
    "a model's answer is checked": Fix(deep_answer, without_checked_answers, "actor_broke"),
    "Graph's answer is checked": Fix(deep_graph, without_checked_graph, "reply_broken"),
    "services are asked under tools.": Fix(strange_subject, without_prefix, "with its own rights"),
    "no service takes a name of recado's": Fix(taken_name, without_built_in, "a name of recado's own"),
    "a webhook is checked": Fix(deep_webhook, without_checked_webhooks, "503"),
}
