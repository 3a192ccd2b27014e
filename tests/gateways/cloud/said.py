"""Replies that a chat says over the Cloud API, and what the log says of each."""

from __future__ import annotations

from events.inbound import Receipt
from events.log import EventLog
from events.subjects import ChatKey, account_filter
from tests.gateways.cloud.gateway import ANA
from tests.gateways.replies import decide, events, reply

LONG = "\n\n".join(f"Paragraph {n}. " + "It has several words. " * 60 for n in range(8))


async def say(log: EventLog, id_: str, key: ChatKey = ANA, **fields: object) -> None:
    await decide(log, reply(id_, key, **fields), key)


async def steps(log: EventLog, id_: str) -> list[str]:
    """What the log says of a reply, receipt by receipt."""
    found = [r.event for r in await events(log, "shop") if isinstance(r.event, Receipt) and r.event.reply == id_]
    return [
        f"{r.state}{f' {r.part}/{r.parts}' * bool(r.parts)}{f' {r.error.class_}' if r.error else ''}"
        f"{' instead ' + r.instead if r.instead else ''}{' template' if r.template else ''}"
        for r in found
    ]


async def until_step(log: EventLog, id_: str, step: str) -> None:
    async for batch in log.tail(0, account_filter("shop")):
        if any(isinstance(r.event, Receipt) for r in batch) and step in await steps(log, id_):
            return
