"""The tools of examples/ that say more than text."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from actors.tools.python import load
from chat.references import Referring
from events.parts import faults
from events.references import Choice
from tests.actors.house import ANA

EXAMPLES = Path(__file__).parents[3] / "examples"


async def test_the_menu_asks_for_a_size_and_hears_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every part can be sent; the size that was chosen is put aside."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    tools = load("menu_tools")
    assert set(tools) == {"menu", "where", "ask_size", "reserve"}
    asked = await tools["ask_size"].call(ANA, b'{"bread": "rye"}')
    sent = [asked, await tools["menu"].call(ANA, b"{}"), await tools["where"].call(ANA, b"{}")]
    assert [part.kind for result in sent for part in result.send] == ["choices", "document", "location"]
    assert not [fault for result in sent for part in result.send for fault in faults(part)]
    size = asked.send[0].choices[1]
    chosen = Referring(id="m2", choice=Choice(id=size.id, title=size.title))
    order = msgspec.json.encode({"bread": "rye"})
    assert "Large" in (await tools["reserve"].call(ANA, order, (chosen,))).output
    assert "No size" in (await tools["reserve"].call(ANA, order)).output
