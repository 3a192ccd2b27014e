"""Replies with files, which a store has."""

from __future__ import annotations

from typing import Any

from chat.parts import reading
from events.log import EventLog
from events.parts import Part
from events.subjects import ChatKey
from tests.gateways.cloud.gateway import ANA
from tests.gateways.cloud.kept_files import PNG, KeptFiles
from tests.gateways.cloud.said import say

PICTURE = Part(kind="image", object="MEDIA/menu", mime="image/png", caption="Menu")
MENU = Part(kind="document", object="MEDIA/pdf", mime="application/pdf", filename="menu.pdf")
PDF = b"%PDF-1.7" + b"menu" * 50_000


def files() -> KeptFiles:
    return KeptFiles(menu=PNG, pdf=PDF)


async def send(log: EventLog, id_: str, *parts: Part, key: ChatKey = ANA, **fields: Any) -> None:
    await say(log, id_, key, text=reading(parts), parts=parts, **fields)
