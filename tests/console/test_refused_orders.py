"""Orders that are refused over real HTTP: the words come back in the form, under an id that counts once."""

from __future__ import annotations

import re
from secrets import token_hex
from typing import Any

import pytest

from events.inbound import Message
from events.log import LogFull, LogUnavailable
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import HTML, address, given
from tests.console.ordering import Refusing, impatient, ordered
from tests.console.ordering import orders as orders_of

__all__ = ["impatient"]


@pytest.mark.parametrize("projected", [True, False])
@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"command": "send", "text": "one"}, {"command": "send", "text": "two"}),
        ({"command": "pause", "minutes": "30"}, {"command": "pause", "minutes": "31"}),
        ({"command": "pause", "minutes": "30"}, {"command": "pause", "minutes": ""}),
        ({"command": "approve"}, {"command": "resume"}),
        ({"command": "resume"}, {"command": "send", "text": "one"}),
    ],
)
async def test_another_order_under_the_same_id(
    page: Page, first: dict[str, str], then: dict[str, str], *, projected: bool
) -> None:
    """It is refused in words, never said to be done; its form comes back with the words and a fresh id, and works."""
    await given(page, ANA, Message(id="a1", text="hello"))
    id_ = token_hex(8)
    await ordered(page, ANA, id=id_, **first)
    if projected:
        await page.projected()
    status, shown = await ordered(page, ANA, id=id_, **then)
    assert status == 409
    assert "This form was sent before, with another content." in shown
    assert len(await orders_of(page, ANA)) == 1
    if "text" in then:
        fresh, words = in_form(shown)
        assert (fresh != id_, words) == (True, then["text"])
        assert (await ordered(page, ANA, id=fresh, **then))[0] == 303
        assert len(await orders_of(page, ANA)) == 2


@pytest.mark.parametrize(
    "id_", ["", "x", "g" * 16, "a" * 15, "a" * 17, "a" * 9000, "A" * 16, "a" * 15 + "\n", "*", ">", "é" * 16, "<b>" * 5]
)
async def test_ids_that_no_form_has(page: Page, id_: str) -> None:
    """Refused, with the words and a valid id in the form; nothing is stored."""
    await given(page, ANA, Message(id="a1", text="hello"))
    status, shown = await ordered(page, ANA, id=id_, command="send", text="my words")
    assert status == 400
    assert "no valid order id" in shown
    fresh, words = in_form(shown)
    assert (bool(re.fullmatch("[0-9a-f]{16}", fresh)), words) == (True, "my words")
    assert await orders_of(page, ANA) == []


def in_form(shown: str) -> tuple[str, str]:
    """The id and the words of the form to write."""
    form = shown[shown.index('<form id="write"') :]
    return re.search('name="id" value="([^"]*)"', form)[1], re.search(r"<textarea[^>]*>\n([^<]*)", form)[1]  # type: ignore[index]


@pytest.mark.parametrize("stores", [False, True])
@pytest.mark.parametrize("fault", [LogFull("the log is full"), LogUnavailable("no answer")])
async def test_unstored_words_are_not_lost(tmp_path: Any, fault: Exception, *, stores: bool) -> None:
    """The words come back in the form, under the same id: pressed again they count once, wherever the first try got."""
    log = Refusing()
    async with serve(tmp_path, log) as page:
        await given(page, ANA, Message(id="a1", text="hello"))
        log.fault, log.stores, id_ = fault, stores, token_hex(8)
        status, shown = await ordered(page, ANA, id=id_, command="send", text="one\r\n<two>")
        assert status == 503
        assert ("not known whether" if isinstance(fault, LogUnavailable) else "Not stored") in shown
        form = re.search(
            r'name="id" value="([^"]*)".*?<textarea[^>]*>\n(.*?)</textarea>', shown.split('id="write"')[1], re.DOTALL
        )
        assert form is not None
        assert form.groups() == (id_, "one\r\n&lt;two&gt;")
        log.fault = None
        assert (await ordered(page, ANA, id=id_, command="send", text="one\r\n<two>"))[0] == 303
        assert [one.text for one in await orders_of(page, ANA)] == ["one\n<two>"]


async def test_words_for_a_chat_that_is_not_there(page: Page) -> None:
    """Refused on a page that has them."""
    await given(page, ANA, Message(id="a1", text="hello"))
    status, shown = await ordered(page, TOM, command="send", text="my words")
    assert (status, in_form(shown)[1]) == (404, "my words")


async def test_logged_out_meanwhile(tmp_path: Any) -> None:
    """A form that comes after the session ended leads to the password, then back to the chat; nothing is stored."""
    async with serve(tmp_path, password="correct-horse-battery") as page:
        await given(page, ANA, Message(id="a1", text="hello"))
        headers = {"Origin": page.address, **HTML}
        form = {"id": token_hex(8), "command": "send", "text": "my words"}
        async with page.session.post(page.address + address(ANA, "/orders"), data=form, headers=headers) as response:
            assert response.status == 401
            shown = await response.text()
        assert "You were logged out, so nothing was done." in shown
        assert f'name="to" value="{address(ANA)}"' in shown
        assert await orders_of(page, ANA) == []


def ids_in(shown: str) -> dict[str, list[str]]:
    """The ids of the page's forms, by their command."""
    found: dict[str, list[str]] = {}
    pattern = r'name="id" value="([0-9a-f]{16})"[^>]*>\s*<input type="hidden" name="command" value="([a-z]+)"'
    for id_, command in re.findall(pattern, shown):
        found.setdefault(command, []).append(id_)
    return found


@pytest.mark.parametrize(
    ("command", "words"),
    [("note", {"text": "call her back"}), ("label", {"add": "vip"}), ("send", {"text": "it is me"})],
)
async def test_a_refused_form_keeps_its_id_and_gives_it_to_no_other(
    served: Any, command: str, words: dict[str, str]
) -> None:
    """A note of which it is not known whether it was stored is sent again under its id; the composer beside it has
    one of its own, so both are taken."""
    async with served(Refusing()) as page:
        await given(page, ANA, Message(id="a1", text="hello"))
        page.log.fault = LogUnavailable("no answer")
        id_ = token_hex(8)
        status, shown = await ordered(page, ANA, "?pane=person", id=id_, command=command, **words)
        assert status == 503
        ids = ids_in(shown)
        assert [name for name, used in ids.items() if id_ in used] == [command]
        assert sum(used.count(id_) for used in ids.values()) == 1
        assert sum(map(len, ids.values())) == len({one for used in ids.values() for one in used}), "each has its own"
        assert all(word in shown for word in words.values()), "the words are in their form"
        assert shown.count('aria-invalid="true"') == 0
        page.log.fault = None
        assert (await ordered(page, ANA, id=id_, command=command, **words))[0] == 303
        for other in ("send", "note"):
            if other != command:
                assert (await ordered(page, ANA, id=ids[other][0], command=other, text="another thing"))[0] == 303


async def test_a_note_that_is_too_long_marks_no_field_of_the_composer(page: Page) -> None:
    await given(page, ANA, Message(id="a1", text="hello"))
    status, shown = await ordered(page, ANA, command="note", text="n" * 4_001)
    assert (status, "A note has at most 4,000 characters" in shown, "n" * 4_001 in shown) == (400, True, True)
    composer = shown[shown.index('id="write"') :]
    assert 'aria-invalid="true"' not in composer[: composer.index("</form>")]
