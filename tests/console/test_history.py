"""The page before anything happens: it shows the chats and their messages."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.api import CHATS, SHOWN
from console.bubbles import address
from console.deps import Deps
from events.decisions import Reply
from events.inbound import Message
from events.parts import Option, Part
from events.references import Choice
from projections.reads.queries import Queries
from projections.reads.reader import Reader
from tests.console.conftest import ANA, TOM, Page
from tests.gateways.replies import NOON, decide, reply


async def test_the_phones_and_the_chats(page: Page) -> None:
    """The simulated phones first, in their order; then others, under the name they go by."""
    await page.log.publish(TOM, Message(id="t1", text="good evening"), msg_id="")
    stranger = TOM._replace(chat="5511999999999@s.whatsapp.net")
    await page.log.publish(stranger, Message(id="s1", text="oi", name="Zé"), msg_id="")
    await page.log.publish(TOM._replace(account="shop"), Message(id="x1", text="elsewhere"), msg_id="")
    await page.projected()
    status, shown = await page.get("/api/overview")
    assert status == 200
    assert shown["account"] == "local"
    assert shown["model"] == {"name": "gpt-6-luna", "server": "", "local": False, "scripted": False}
    assert [chat["name"] for chat in shown["chats"]] == ["Ana Lima", "Tom Becker", "Mei Chen", "Rafael Ortiz", "Zé"]
    assert [chat["text"] for chat in shown["chats"]] == [None, "good evening", None, None, "oi"]
    assert [chat["phone"] for chat in shown["chats"]] == [True, True, True, True, False]
    assert shown["all"] == 5


async def test_a_list_that_is_not_whole_says_how_many_there_are(page: Page) -> None:
    """A phone that has been silent for longest keeps its words in the list."""
    await page.log.publish(TOM, Message(id="t1", text="good evening"), msg_id="")
    for number in range(CHATS + 10):
        key = TOM._replace(chat=f"551198888{number:04}@s.whatsapp.net")
        await page.log.publish(key, Message(id="s1", text="oi"), msg_id="")
    await page.projected()
    _, shown = await page.get("/api/overview")
    assert shown["all"] == len(shown["chats"]) + 10 == 4 + CHATS + 10
    assert [chat["text"] for chat in shown["chats"][:3]] == [None, "good evening", None]


async def test_the_history_of_a_chat(page: Page) -> None:
    """Messages and replies, oldest first, and where a stream goes on from them."""
    await page.log.publish(TOM, Message(id="t1", text="x"), msg_id="")
    await page.log.publish(ANA, Message(id="m1", text="hello"), msg_id="")
    reply = Reply(
        id="r1", turn=None, chat=ANA.chat, account="local", text="hi", in_reply_to=("m1",), author="assistant", at=NOON
    )
    await page.log.append(ANA, reply, expected=0, msg_id="d1")
    await page.projected()
    status, shown = await page.get(f"/api/chats/{ANA.chat}/history")
    assert status == 200
    assert [(entry["seq"], entry["id"], entry["author"]) for entry in shown["entries"]] == [
        (2, "m1", "person"),
        (3, "r1", "assistant"),
    ]
    assert (shown["after"], shown["more"]) == (1, False)


async def test_a_long_history_comes_in_parts(page: Page) -> None:
    """The last lines first; with `before` those that came earlier, until there are no more."""
    for n in range(SHOWN + 10):
        await page.log.publish(ANA, Message(id=f"m{n}", text="x"), msg_id="")
    await page.projected()
    _, last = await page.get(f"/api/chats/{ANA.chat}/history")
    assert [entry["seq"] for entry in last["entries"]] == list(range(11, SHOWN + 11))
    assert (last["after"], last["more"]) == (10, True)
    _, first = await page.get(f"/api/chats/{ANA.chat}/history?before=11")
    assert [entry["seq"] for entry in first["entries"]] == list(range(1, 11))
    assert first["more"] is False


async def test_an_empty_chat(page: Page) -> None:
    """Nothing was said: its stream begins at the beginning."""
    expected = {"entries": [], "bubbles": {}, "more": False, "after": 0}
    assert await page.get(f"/api/chats/{ANA.chat}/history") == (200, expected)


@pytest.mark.parametrize("chat", ["nobody", "1@c.us", "evt.>", "12025550143:2@s.whatsapp.net"])
@pytest.mark.parametrize("what", ["history", "stream"])
async def test_chats_that_cannot_be(page: Page, chat: str, what: str) -> None:
    """404 with the reason."""
    status, answer = await page.get(f"/api/chats/{chat}/{what}")
    assert status == 404
    assert "canonical JID" in answer["error"]


@pytest.mark.parametrize("before", ["", "x", "-1", "1.5", "9" * 30, "٣"])
async def test_sequences_that_cannot_be(page: Page, before: str) -> None:
    """400 with the reason."""
    status, answer = await page.get(f"/api/chats/{ANA.chat}/history?before={before}")
    assert status == 400
    assert "before is a sequence" in answer["error"]


async def test_while_the_projection_is_built(served: Callable[..., Any], tmp_path: Path) -> None:
    """The list of phones is there at once, the history is not yet: 503, and the page asks again."""
    async with served() as page:
        page.app.state.deps = Deps(
            **{**vars(page.deps), "queries": Queries(Reader(tmp_path / "nothing", lambda: None))}
        )
        assert (await page.get("/api/overview"))[0] == 200
        status, answer = await page.get(f"/api/chats/{ANA.chat}/history")
    assert status == 503
    assert "being built" in answer["error"]


async def test_the_loop_never_waits_for_the_projection(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """Overview, history and stream read on one other thread: with each a connection would stay open."""
    asked_on: list[int] = []
    connection = Reader.connection

    def noted(reader: Reader) -> Any:
        asked_on.append(threading.get_ident())
        return connection(reader)

    monkeypatch.setattr(Reader, "connection", noted)
    for _ in range(2):
        await page.log.publish(ANA, Message(id="m1", text="hello"), msg_id="")
    await page.projected()
    for _ in range(5):
        await asyncio.gather(page.get("/api/overview"), page.get(f"/api/chats/{ANA.chat}/history"))
    before = len(asked_on)
    async with page.stream(f"/api/chats/{ANA.chat}/stream") as stream:
        assert await stream.events(2) == [(1, "in"), (2, "in")]
    assert before == 10
    assert len(asked_on) == 11, "one look-up for all messages of a batch"
    assert len(set(asked_on)) == 1
    assert threading.get_ident() not in asked_on


async def test_the_parts_of_a_reply_and_the_choice_of_a_person(page: Page) -> None:
    """As the phones draw them, in the history and in the stream alike; a text has nothing more than its text."""
    asked = Part(kind="choices", text="Which?", choices=(Option(id="a", title="The one with the longest name"),))
    picture = Part(kind="image", object="LIBRARY/" + "0" * 64)
    said = (picture, asked)
    await page.log.publish(ANA, Message(id="m1", text="what is there?"), msg_id="")
    await decide(page.log, reply("r1", parts=said, quote="m1"))
    choice = Choice(id="a", title="The one with the…")
    await page.log.publish(ANA, Message(id="m2", kind="button", text="The one", choice=choice, quoted="r1"), msg_id="")
    await page.projected()
    _, shown = await page.get(f"/api/chats/{ANA.chat}/history")
    assert [entry.get("choice") for entry in shown["entries"]] == [None, None, {"id": "a", "title": choice.title}]
    assert [entry.get("quoted") or entry.get("quote") for entry in shown["entries"]] == [None, "m1", "r1"]
    first, second = shown["bubbles"]["r1"]
    assert first == {"part": {"kind": "image", "object": picture.object}, "file": address(reply("r1"), 2, 1)}
    assert second["part"]["text"] == "Which?\n\n1. The one with the longest name"
    assert [option["title"] for option in second["part"]["choices"]] == ["The one with the…"]
    async with page.stream(f"/api/chats/{ANA.chat}/stream") as stream:
        events = [(await stream.next("event"))[1] for _ in range(3)]
    assert [event["bubbles"] for event in events] == [[], [first, second], []]
