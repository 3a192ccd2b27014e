"""What happened in a chat before the desk is looked at, and how the desk is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from console.rendering import address_of
from events.decisions import Decision, Reply
from events.subjects import ChatKey
from tests.console.conftest import Page

SHOP = ChatKey("shop/am Markt", "4930901820@s.whatsapp.net")
AT = datetime.now(UTC)
HTML = {"accept": "text/html"}


def address(key: ChatKey, rest: str = "") -> str:
    return address_of(key) + rest


async def given(page: Page, key: ChatKey, *events: Any) -> None:
    """These events are in the log and in the projection."""
    for event in events:
        if isinstance(event, Decision):
            last = await page.log.last_decision(key)
            expected = last.seq if last is not None else 0
            await page.log.append(key, event, expected=expected, msg_id=f"i:{(await page.log.head()).last}")
        else:
            await page.log.publish(key, event, msg_id="")
    await page.projected()


def reply(key: ChatKey, id_: str, text: str, *to: str, author: Any = "assistant", turn: str | None = None) -> Reply:
    return Reply(id=id_, turn=turn, chat=key.chat, account=key.account, text=text, in_reply_to=to, author=author, at=AT)
