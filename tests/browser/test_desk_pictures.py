"""The pictures of the desk that docs/console.md shows: wide and on a phone, in the light and in the dark.

They are put into the folder that RECADO_SCREENSHOTS names (docs/images), or thrown away.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from events.decisions import Attention, Paused, Reply, TurnError, TurnFailed, TurnStarted
from events.inbound import Media, Message, Receipt
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from events.teamwork import Assigned, Labelled, Noted
from tests.console.conftest import Page, serve
from tests.console.given import address, given

pytestmark = pytest.mark.browser

VIEWS = {
    "desk": ("light", (1360, 820), ""),
    "desk-dark": ("dark", (1360, 820), ""),
    "desk-phone-list": ("light", (390, 780), "?pane=list"),
    "desk-phone-chat": ("dark", (390, 780), ""),
}
ANA, TOM, MEI, BEA = (ChatKey("bakery", f"{number}@s.whatsapp.net") for number in (
    "5511999990001", "447700900123", "33639980017", "5511999990004",
))  # fmt: skip
NAMESAKE = ChatKey("bakery", "5511999990009@s.whatsapp.net")


def _reply(key: ChatKey, id_: str, text: str, *to: str, **more: Any) -> Reply:
    values = {"turn": None, "author": "assistant", "at": datetime.now(UTC), "model": "gpt-6-luna"} | more
    return Reply(id=id_, chat=key.chat, account=key.account, text=text, in_reply_to=to, **values)


async def _conversations(page: Page) -> None:
    now = datetime.now(UTC)
    await given(page, NAMESAKE, Message(id="n1", text="Obrigada, até sábado!", name="Ana Lima"))
    await given(
        page, BEA, Message(id="b1", text="Is there anything without nuts?", name="Beatriz Souza"),
        TurnStarted(turn="t", messages=("b1",), backend="chat", at=now),
        TurnFailed(turn="t", messages=("b1",), error=TurnError(class_="timeout", detail=""), told=False, at=now),
    )  # fmt: skip
    voice = Media(object="voice", mime="audio/ogg", size=8_000, voice=True)
    await given(
        page, MEI, Message(id="m1", text="Is the rye bread vegan?", name="Mei Chen"),
        _reply(MEI, "m1.r", "It is: flour, water, salt and our sourdough, nothing else.", "m1", turn="m"),
        Receipt(id="m2", reply="m1.r", state="read"),
        Message(id="m3", text="", kind="audio", name="Mei Chen", media=voice),
        Labelled(add=("wholesale",), at=now), Assigned(to="page", at=now),
    )  # fmt: skip
    await given(
        page, TOM, Message(id="t1", text="The cake never came. I want my money back.", name="Tom Becker"),
        Attention(id="t1.h", text="Wants a refund for a cake", by="model", at=now - timedelta(minutes=45)),
    )  # fmt: skip
    await given(
        page, ANA, Message(id="a1", text="Good morning! Are you open on Sundays?", name="Ana Lima"),
        _reply(ANA, "a1.r", "Good morning! Yes, on Sundays from 7 to 13.", "a1", turn="a"),
        Receipt(id="a2", reply="a1.r", state="read"),
        Message(id="a3", text="Great. Could you keep 20 cheese breads for me?\nFor nine o'clock", name="Ana Lima"),
        _reply(
            ANA, "a3.r", "Gladly: 20 cheese breads, *Sunday at nine*. Which name may I put on the box?", "a3", turn="b"
        ),
        Receipt(id="a4", reply="a3.r", state="delivered"), Message(id="a5", text="Ana Lima, thank you!"),
        Paused(until=now + timedelta(hours=1), reason="taken_over", at=now),
        _reply(ANA, "c1.r", "It is noted. See you on Sunday!", "a5", author="operator", model=None),
        Receipt(id="a6", reply="c1.r", state="read"), Labelled(add=("order",), at=now), Assigned(to="page", at=now),
        Noted(id="note", text="Pays in cash.", at=now, by="page"),
    )  # fmt: skip
    for key in (ANA, NAMESAKE, MEI):
        page.deps.seen.mark(key, (await page.log.head()).last, "page")
    await given(page, MEI, Message(id="m4", text="And does it have sesame?", name="Mei Chen"))


@pytest.mark.parametrize("name", VIEWS)
async def test_pictures_of_the_desk(browser: Browser, tmp_path: Path, name: str) -> None:
    """A chat that a human has, between the list and its person; on a phone one of them."""
    scheme, (width, height), query = VIEWS[name]
    folder = Path(os.environ.get("RECADO_SCREENSHOTS", tmp_path))
    async with serve(tmp_path, MemoryLog(), simulated=False) as page:
        await _conversations(page)
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale="en-GB",  # type: ignore[arg-type]
        )
        context.set_default_timeout(60_000)
        window = await context.new_page()
        await window.goto(page.address + address(ANA, query))
        shown = window.locator("#list .chats" if "list" in query else "#lines")
        await expect(shown).to_be_visible(timeout=60_000)
        image = await window.screenshot(path=folder / f"{name}.png", animations="disabled")
        await context.close()
    assert len(image) > 10_000
