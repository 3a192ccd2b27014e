"""Questions and answers on the desk over real HTTP: added, changed and removed, one by one and by two at once."""

from __future__ import annotations

import asyncio
import re

import pytest

from events.knowledge import Pair
from tests.console.shelf import FAQ, FORM, SHOP, Shelf, field, numbered, shelf

__all__ = ["shelf"]


async def test_questions_from_the_first_to_the_last(shelf: Shelf) -> None:
    """The first one makes the document; they are added, changed, found and removed; the last one ends it."""
    base = field(await shelf.shown(FORM), "base")
    status, led = await shelf.give(FORM, do="save", base=base, was="", q=" Do you <deliver>?\r\nTo Rio? ", a="Yes.")
    assert (status, led) == (303, f"{SHOP}/document?name=faq+%26+more&said=saved")
    assert await shelf.faq() == (Pair("Do you <deliver>?\nTo Rio?", "Yes."),)
    stored = (await shelf.log.look()).newest[FAQ].document
    assert (stored.by, stored.at is not None, stored.object) == ("page", True, None)
    shown = await shelf.shown(led)
    assert "Do you &lt;deliver&gt;?" in shown
    base = field(await shelf.shown(FORM), "base")
    assert (await shelf.give(FORM, do="save", base=base, q="Cards?", a="Visa alone."))[0] == 303
    await shelf.indexed()
    assert "Visa alone." in await shelf.shown(f"{SHOP}?q=cards")
    assert ">2 questions<" in await shelf.shown(SHOP)
    form = await shelf.shown(numbered(await shelf.shown(led))[0])
    held = {name: field(form, name) for name in ("base", "was")}
    assert (await shelf.give(FORM, do="save", q="Delivery?", a="Yes, R$ 9.", **held))[0] == 303
    assert await shelf.faq() == (Pair("Delivery?", "Yes, R$ 9."), Pair("Cards?", "Visa alone."))
    for _ in range(2):
        form = await shelf.shown(f"{FORM}&number=0")
        status, led = await shelf.give(FORM, do="remove", q="", a="", base=field(form, "base"), was=field(form, "was"))
        assert status == 303
    assert led == f"{SHOP}?said=removed"
    assert (await shelf.log.look()).newest[FAQ].document.removed
    await shelf.shown(f"{FORM}&number=0", 404)
    base = field(await shelf.shown(FORM), "base")
    assert (await shelf.give(FORM, do="save", base=base, q="Again?", a="Yes."))[0] == 303


UNFIT = [
    ("q", {"q": " \r\n "}),
    ("a", {"a": ""}),
    ("q", {"q": "x" * 1_001}),
    ("a", {"a": "😀" * 4_097}),
    ("q", {"q": "CARDS? "}),
]


@pytest.mark.parametrize(("wrong", "fields"), UNFIT)
async def test_pairs_that_are_not_taken(shelf: Shelf, wrong: str, fields: dict[str, str]) -> None:
    """They are refused beside their field, and the other one keeps its words."""
    base = await shelf.pairs(Pair("cards?", "yes"))
    given = {"q": "mine <1>?", "a": "my answer", **fields}
    status, shown = await shelf.give(FORM, do="save", base=str(base), was="", **given)
    assert status == 400
    assert re.search(rf'id="wrong-{wrong}" role="alert">\w', shown), shown
    other = "a" if wrong == "q" else "q"
    assert field(shown, other) == given[other]
    assert await shelf.faq() == (Pair("cards?", "yes"),)


async def test_a_document_is_bounded(shelf: Shelf) -> None:
    """In its questions, and in its bytes; the words stay in the form."""
    base = await shelf.pairs(*(Pair(f"q{number}", "a") for number in range(2_000)))
    status, shown = await shelf.give(FORM, do="save", base=str(base), q="one more?", a="yes")
    assert (status, "at most 2,000 questions" in shown, field(shown, "q")) == (400, True, "one more?")
    base = await shelf.pairs(*(Pair(f"q{number}", "a" * 4_096) for number in range(127)))
    status, shown = await shelf.give(FORM, do="save", base=str(base), q="one more?", a="y" * 4_096)
    assert (status, "at most 524,288" in shown, field(shown, "q")) == (503, True, "one more?")


async def test_another_was_faster(shelf: Shelf) -> None:
    """The draft stays beside what is there now, and who changed it is told; saved again, it takes that one's place."""
    await shelf.pairs(Pair("cards?", "yes"), Pair("rain?", "no"))
    form = await shelf.shown(f"{FORM}&number=1")
    mine = {"q": "rain?", "a": "mine", "was": field(form, "was")}
    await shelf.pairs(Pair("new?", "n"), Pair("cards?", "yes"), Pair("rain?", "theirs"))
    status, shown = await shelf.give(FORM, do="save", base=field(form, "base"), **mine)
    assert status == 409
    assert "changed by ana after you opened it. Nothing was stored" in shown
    assert ">theirs</p>" in shown
    assert (field(shown, "q"), field(shown, "a")) == ("rain?", "mine")
    assert (await shelf.faq())[2] == Pair("rain?", "theirs")
    assert (await shelf.give(FORM, do="save", base=field(shown, "base"), **mine))[0] == 303
    assert await shelf.faq() == (Pair("new?", "n"), Pair("cards?", "yes"), Pair("rain?", "mine"))


async def test_a_question_that_is_there_twice(shelf: Shelf) -> None:
    """As in a file: the one that was opened is changed, and may take another question."""
    await shelf.pairs(*(Pair("cards?", answer) for answer in ("a", "b", "c")))
    form = await shelf.shown(f"{FORM}&number=1")
    held = {name: field(form, name) for name in ("base", "was", "number")}
    assert (await shelf.give(FORM, do="save", q="cards?", a="mine", **held))[0] == 303
    assert [pair.a for pair in await shelf.faq()] == ["a", "mine", "c"]
    held["base"] = field(await shelf.shown(f"{FORM}&number=2"), "base")
    assert (await shelf.give(FORM, do="remove", **held | {"number": "2"}))[0] == 303
    assert [pair.a for pair in await shelf.faq()] == ["a", "mine"]


async def test_the_question_is_gone_meanwhile(shelf: Shelf) -> None:
    """The draft stays, and is added if it is saved again; removed again, nothing is."""
    base = await shelf.pairs(Pair("cards?", "yes"), Pair("rain?", "no"))
    mine = {"q": "rain?", "a": "mine", "was": "rain?"}
    await shelf.pairs(Pair("cards?", "yes"))
    status, shown = await shelf.give(FORM, do="save", base=str(base), **mine)
    assert (status, "is not there any more" in shown, field(shown, "was")) == (409, True, "")
    held = mine | {"base": field(shown, "base"), "was": ""}
    assert (await shelf.give(FORM, do="remove", **held))[0] == 404
    assert (await shelf.give(FORM, do="save", **held))[0] == 303
    assert await shelf.faq() == (Pair("cards?", "yes"), Pair("rain?", "mine"))


async def test_two_save_at_once(shelf: Shelf) -> None:
    """One is stored, and the other is told."""
    base = str(await shelf.pairs(Pair("cards?", "yes")))
    given = [shelf.give(FORM, do="save", base=base, q=f"q{number}?", a="yes") for number in range(4)]
    statuses = sorted(status for status, _ in await asyncio.gather(*given))
    assert statuses == [303, 409, 409, 409]
    assert len(await shelf.faq()) == 2


async def test_what_is_no_document_of_questions(shelf: Shelf) -> None:
    """A file is not edited, an odd name not taken, an order that there is not is refused."""
    await shelf.put("a.md", "words")
    await shelf.shown(f"{SHOP}/pair?name=a.md", 409)
    assert (await shelf.give(f"{SHOP}/pair?name=a.md", do="save", base="1", q="q", a="a"))[0] == 409
    for name in ("", "+", "x" * 301, "a%0Ab", "a%00", "%F0%9F%98%80" * 300):
        for page in ("pair", "document", "remove"):
            await shelf.shown(f"{SHOP}/{page}?name={name}", 400)
    assert (await shelf.give(FORM, do="eat", base="0", q="q", a="a"))[0] == 400
    for number in ("0", "x", "-1", "9" * 20, ""):
        await shelf.shown(f"{FORM}&number={number}", 404)
    for collection in ("SHOP", "a.b", "x" * 65, "%F0%9F%98%80"):
        await shelf.shown(f"/desk/documents/{collection}", 404)
        shown = await shelf.shown(f"/desk/documents?collection={collection}", 400)
        assert 'id="wrong-collection"' in shown
