"""Events that did harm once, and the fixes taken out again."""

from __future__ import annotations

import json
from typing import Any

from chat import evolve as folding
from chat.broken import SetAside
from chat.decide import decide
from chat.state import Waiting
from events import codec
from events.inbound import Receipt
from events.recorded import UNREADABLE, Unreadable
from events.subjects import ChatKey
from projections.projection import Projection
from tests.fuzz.fixes.fix import Patch, put
from tests.fuzz.values import dumped
from tests.fuzz.world import World


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

    patch.setattr(Projection, "_pass", fails)


async def bytes_alone(world: World) -> None:
    put(world, "control", b'{"id": "c"}')


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
    patch.setattr("actors.chat_actor.evolve", folding._evolve)
    patch.setattr("projections.tables.chat_row.folded", lambda chat, recorded: (folding._evolve(chat, recorded), None))


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
