"""The pictures of the page that the README shows.

They are put into the folder that RECADO_SCREENSHOTS names (docs/images), or thrown away.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.phone import Phone
from tests.chaos.process import asks, recado
from tests.doubles.moment import without_moment
from tests.doubles.openai_server import OpenAIDouble

pytestmark = pytest.mark.browser

SAID = (
    ("Tom Becker", "Do you deliver to Rua Augusta?", "Yes, every day until six. Over 40 reais it is free of charge."),
    ("Mei Chen", "Is the rye bread vegan?", "It is: flour, water, salt and our sourdough, nothing else."),
    ("Ana Lima", "Good morning! Are you open on Sundays?", "Good morning! Yes, on Sundays from 7 to 13."),
    (
        "Ana Lima",
        "Great. Could you keep 20 cheese breads for me?\nFor nine o'clock",
        (
            "Gladly: 20 cheese breads, Sunday at nine. They come out of the oven at half past eight, so they will "
            "still be warm. Which name may I put on the box?"
        ),
    ),
)
LAST = "Ana Lima, thank you!"


def written(messages: list[dict[str, str]]) -> str:
    asked = without_moment(messages[-1]["content"])
    return next(
        (reply for _, said, reply in SAID if said.startswith(asked[:12])), "You are welcome, see you on Sunday!"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_screenshot(browser: Browser, tmp_path: Path, scheme: str) -> None:
    """A conversation with a model (a double of OpenAI's API): an open chat, its turns beside it."""
    folder = Path(os.environ.get("RECADO_SCREENSHOTS", tmp_path))
    began = time.time()
    async with OpenAIDouble(latency=0.4, reply=written) as double:
        with recado(tmp_path / "recado", command="up", RECADO_DEBOUNCE="0.2", **asks(double)) as up:
            await up.started()
            context = await browser.new_context(
                viewport={"width": 1360, "height": 850}, color_scheme=scheme, device_scale_factor=1.5, locale="en-GB"
            )
            phone = Phone(await context.new_page())
            await phone.open((await up.said("started"))["page"])
            for name, said, reply in SAID:
                await phone.pick_up(name)
                await phone.write(said)
                await phone.answered(said.partition("\n")[0], reply[:40])
            await expect(phone.banner).to_be_hidden()
            await expect(phone.window.locator("#model")).to_contain_text("gpt-6-luna")
            await expect(phone.theirs.last).to_have_attribute("data-receipt", "read")
            double.latency = 5.0
            await phone.write(LAST)
            await expect(phone.typing).to_be_visible()
            picture = folder / ("page.png" if scheme == "light" else "page-dark.png")
            await phone.window.screenshot(path=picture, animations="disabled")
            await context.close()
    assert picture.stat().st_size > 50_000
    assert picture.stat().st_mtime >= began - 1
