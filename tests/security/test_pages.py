"""A row or an event that a page cannot show says so, with its sequence, and the rest of the page goes on."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite3
from structlog.testing import capture_logs

from console import rendering, stream
from events.decisions import Attention, Ignored, Paused
from events.inbound import Message
from events.recorded import Recorded
from events.subjects import inbound_subject
from tests.console.conftest import ANA, TOM, Page, page, served
from tests.console.given import HTML, address, given

__all__ = ["page", "served"]
AT = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
STREAM = f"/api/chats/{ANA.chat}/stream"


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
async def test_a_time_that_utc_does_not_have(page: Page, until: str) -> None:
    """A pause by an order until the very end of the calendar."""
    control = b'{"id":"c","command":"pause","until":"%s"}' % until.encode()
    page.log.put(inbound_subject(ANA, "control"), control)  # type: ignore[attr-defined]
    await given(page, ANA, Message(id="a1", text="hello"))
    await given(page, ANA, Paused(until=datetime.fromisoformat(until), at=AT, cause="c"))
    for path in ("/desk", address(ANA), address(ANA, "/why/c")):
        status, shown = await page.get(path, **HTML)
        assert status == 200, path
        assert "hello" in shown or "paused" in shown


@pytest.mark.parametrize("name", ["_line.html", "_chat.html", "_step.html", "_found.html"])
async def test_a_line_that_cannot_be_shown(page: Page, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A chat that the template breaks on says so; the others are shown."""
    for key, text in ((ANA, "hello poison"), (TOM, "hello there")):
        await given(page, key, Message(id=text, text=text, name=text))
        await given(page, key, Attention(id=f"{text}.h", text=text, by="model", at=AT, messages=(text,)))
    breaks: list[bool] = []

    def found(template: str, *args: Any) -> Any:
        if template == name and not breaks:
            breaks.append(True)
            raise RecursionError
        return get(template, *args)

    get = rendering._templates.get_template
    monkeypatch.setattr(rendering._templates, "get_template", found)
    path = {"_line.html": address(ANA), "_step.html": address(ANA, "/why/hello poison"), "_found.html": "/desk?q=hello"}
    with capture_logs() as logs:
        status, shown = await page.get(path.get(name, "/desk"), **HTML)
    assert status == 200
    assert breaks
    assert "This cannot be shown" in shown
    if name in ("_line.html", "_found.html"):
        assert re.search(r"cannot be shown \(event \d\)", shown)
    assert "hello" in shown
    assert [line["event"] for line in logs] == ["not_shown"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE chats SET snapshot = '[' WHERE id = 1",
        "UPDATE chats SET attention = '[' WHERE id = 1",
        "UPDATE history SET in_reply_to = '[', author = 'assistant' WHERE seq = 1",
        "UPDATE history SET ended_at = 'x' WHERE seq = 1",
    ],
)
async def test_a_row_that_cannot_be_read(page: Page, damage: str) -> None:
    """Of a chat or a message: the list and the chat are shown, and the API answers too."""
    await given(page, ANA, Message(id="a1", text="hello"), Ignored(messages=("a1",), reason="stale", at=AT))
    await given(page, ANA, Message(id="a2", text="still there"))
    await given(page, TOM, Message(id="t1", text="and here"))
    path = page.runner.path
    assert path is not None
    db = sqlite3.connect(str(path))
    db.execute(damage)
    db.commit()
    db.close()
    for where, words in (("/desk", "and here"), (address(ANA), "still there"), (f"/api/chats/{ANA.chat}/history", "")):
        status, shown = await page.get(where, **HTML)
        assert status == 200, where
        assert words in str(shown)


async def test_an_event_that_the_stream_cannot_show(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes with its sequence, so that a browser that comes back goes on after it."""
    real = stream._seen

    def seen(recorded: Recorded, *more: Any) -> stream.SeenEvent:
        if recorded.seq == 2:
            raise RecursionError
        return real(recorded, *more)

    monkeypatch.setattr(stream, "_seen", seen)
    for id_ in ("a1", "a2", "a3"):
        await page.log.publish(ANA, Message(id=id_, text=id_), msg_id="")
    with capture_logs():
        async with page.stream(STREAM) as live:
            got = [(await live.next("event"))[1] for _ in range(3)]
    assert [one["seq"] for one in got] == [1, 2, 3]
    assert [one["known"] for one in got] == [True, False, True]
    assert got[1]["payload"]["reason"] == "unshown"
