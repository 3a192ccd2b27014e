"""Replies, receipts and Graph's answers that did harm once, and the fixes taken out again."""

from __future__ import annotations

from typing import Any

import msgspec

from gateways.cloud import graph
from gateways.delivery.delivery import Delivery
from gateways.delivery.ledger import Ledger
from gateways.delivery.splitting import split
from tests.doubles import graph_webhooks as hooks
from tests.fuzz.fixes.fix import DEEP, Patch, hello
from tests.fuzz.world import World


async def deep_reply(world: World) -> None:
    world.provider.reply = lambda _: "*a " * 500 + "a*" * 500
    await hello(world)


def breaking_texts(patch: Patch) -> None:
    def messages_of(reply: Any) -> list[str]:
        if reply.text.startswith("*a *a"):
            raise RecursionError("too deep")
        return split(reply.text)

    patch.setattr("recado.wiring.cloud_number.messages_of", messages_of)


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


async def deep_graph(world: World) -> None:
    world.meta.share = 1.0
    world.meta._made = lambda: (200, DEEP)  # type: ignore[method-assign]
    await hello(world)


def without_checked_graph(patch: Patch) -> None:
    patch.setattr(graph, "_read", lambda _, text: msgspec.json.decode(text, type=graph._Answer))


async def deep_webhook(world: World) -> None:
    body = b'{"entry": [{"changes": [' + DEEP
    status = await world.webhooks.post(body, hooks.signed(body))
    assert status == 200, status


def without_checked_webhooks(patch: Patch) -> None:
    patch.setattr("gateways.cloud.parsing.UNREADABLE", (msgspec.DecodeError,))
