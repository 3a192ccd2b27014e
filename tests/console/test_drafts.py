"""The desk's drafts over real HTTP: listed, edited, accepted into a document, dismissed; masked until then."""

from __future__ import annotations

import re

import pytest

from events.decisions import Reply, TurnStarted
from events.inbound import Message
from events.knowledge import Pair, Place
from events.memory_knowledge import MemoryKnowledgeLog
from events.tool_calls import ToolCalled, ToolReturned
from projections.drafts.masking import MASK
from tests.console.conftest import ANA, TOM
from tests.console.given import AT
from tests.console.shelf import Shelf, field, linked, shelf

__all__ = ["shelf"]

OPEN = "/desk/documents/drafts/open"
ONE = "/desk/documents/drafts/one"
FAQ = Place("shop", "faq")


async def asked(shelf: Shelf, id_: str, text: str, key=ANA, name: str = "Ana Lima") -> None:
    """A question for which nothing was found, in the log and in the projection."""
    log = shelf.page.log
    await log.publish(key, Message(id=id_, text=text, name=name), msg_id=f"in:{id_}")
    turn = f"{id_}.t"
    decisions = [
        TurnStarted(turn=turn, messages=(id_,), backend="chat", at=AT),
        ToolCalled(turn=turn, call="c", name="look_up", arguments="{}", at=AT),
        ToolReturned(turn=turn, call="c", output="Nothing.", at=AT),
        Reply(
            id=f"{turn}.r", turn=turn, chat=key.chat, account=key.account, text="Não sei.", in_reply_to=(id_,),
            author="assistant", at=AT,
        ),
    ]  # fmt: skip
    for number, decision in enumerate(decisions):
        last = await log.last_decision(key)
        await log.append(key, decision, expected=last.seq if last else 0, msg_id=f"here:{id_}:{number}")
    await shelf.page.projected()


def one_of(shown: str) -> str:
    return linked(shown, f"{ONE}?seq=")


async def test_a_draft_is_edited_and_accepted(shelf: Shelf) -> None:
    """Its words are masked; the pair has the words of the user, who is named; the draft is gone."""
    await shelf.put("hours.md", "Abrimos às 8h.")
    await asked(shelf, "m1", "Sou Ana, 11 98888-7777. Entregam no sábado?")
    await asked(shelf, "m2", "entregam aos sábados?", TOM, "Tom")
    assert "One draft of an answer" in await shelf.shown("/desk/documents/shop")
    shown = await shelf.shown(OPEN)
    assert "asked 2 times" in shown
    assert "nothing was found" in shown
    page = await shelf.shown(one_of(shown))
    assert "8888" not in shown + page
    assert "Ana" not in shown + page
    assert field(page, "q") == "entregam aos sábados?"
    assert field(page, "collection") == "shop"
    form = {"q": "Vocês entregam aos sábados?", "a": "Sim, até as 12h.", "collection": "shop", "name": "faq"}
    assert await shelf.give(one_of(shown), do="accept", **form) == (303, f"{OPEN}?said=accepted")
    document = (await shelf.log.look()).newest[FAQ].document
    assert document.faq == (Pair(form["q"], form["a"]),)
    assert document.by == "page"
    shown = await shelf.shown(f"{OPEN}?said=accepted")
    assert "There is no draft now." in shown
    assert "the model finds it from now on" in shown


async def test_a_draft_that_was_settled_meanwhile(shelf: Shelf) -> None:
    """The page says who settled it, keeps the words, and leads to the drafts and to the document."""
    await asked(shelf, "m1", "Vocês entregam no sábado?")
    await asked(shelf, "m2", "Aceitam cartão de crédito?", TOM, "Tom")
    accepted, dismissed = re.findall(r'href="(/desk/documents/drafts/one\?seq=\d+)"', await shelf.shown(OPEN))
    form = {"do": "accept", "q": "Entregam?", "a": "Sim.", "collection": "shop", "name": "faq"}
    assert (await shelf.give(accepted, **form))[0] == 303
    assert (await shelf.give(dismissed, do="dismiss"))[0] == 303
    status, page = await shelf.give(accepted, **{**form, "q": "Words of mine?", "a": "More words."})
    assert status == 409
    assert "page accepted this draft" in page
    assert field(page, "q") == "Words of mine?"
    assert "More words." in page
    assert f'href="{OPEN}"' in page
    assert 'href="/desk/documents/shop/document?name=faq"' in page
    status, page = await shelf.give(dismissed, **form)
    assert (status, "page dismissed this draft" in page) == (409, True)
    assert (await shelf.page.get(accepted))[0] == 409
    assert [pair.q for pair in (await shelf.log.look()).newest[FAQ].document.faq] == ["Entregam?"]


async def test_a_draft_is_dismissed(shelf: Shelf) -> None:
    """It does not come again in other words, and nothing that is kept has a word of it."""
    await asked(shelf, "m1", "Vocês entregam no sábado?")
    assert (await shelf.give(one_of(await shelf.shown(OPEN)), do="dismiss"))[0] == 303
    await asked(shelf, "m2", "entregam aos sábados?", TOM, "Tom")
    assert "There is no draft now." in await shelf.shown(OPEN)
    kept = b"".join(subject.encode() + body for subject, body in shelf.log._kept)
    assert b"dismissed" in kept
    assert b"entreg" not in kept.lower()
    assert not (await shelf.log.look()).newest


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"a": f"Ligue {MASK}."}, "Write words that fit everyone"),
        ({"q": ""}, "Write the question."),
        ({"a": " "}, "Write the answer."),
        ({"a": "x" * 4097}, "at most 4,096"),
        ({"q": "ALREADY there?"}, "there already"),
        ({"collection": "../shop"}, "Name a collection"),
        ({"collection": ""}, "Name a collection"),
        ({"name": "x" * 301}, "Name a collection"),
        ({"name": "hours.md"}, "is a file"),
        ({"name": "../hours"}, "leads out"),
        ({"name": "con"}, "Windows"),
    ],
)
async def test_a_pair_that_does_not_fit_comes_back(shelf: Shelf, form: dict[str, str], said: str) -> None:
    await shelf.put("hours.md", "Abrimos às 8h.")
    await shelf.put("faq", faq=(Pair("Already there?", "Yes."),), mime="")
    await asked(shelf, "m1", "Vocês entregam no sábado?")
    address = one_of(await shelf.shown(OPEN))
    status, page = await shelf.give(
        address, do="accept", **{"q": "Q?", "a": "A.", "collection": "shop", "name": "faq", **form}
    )
    assert status == 400
    assert said in page
    assert len((await shelf.log.look()).newest[FAQ].document.faq) == 1
    assert "asked once" in await shelf.shown(OPEN)


async def test_a_document_that_changes_at_the_same_moment(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is stored over it; the words come back, and go in with the next save."""
    await asked(shelf, "m1", "Vocês entregam no sábado?")
    address = one_of(await shelf.shown(OPEN))
    form = {"do": "accept", "q": "Entregam?", "a": "Sim.", "collection": "shop", "name": "faq"}
    write = MemoryKnowledgeLog.write

    async def overtaken(self: MemoryKnowledgeLog, place: Place, document, *, expected: int) -> int:
        monkeypatch.setattr(MemoryKnowledgeLog, "write", write)
        await shelf.put("faq", faq=(Pair("Other?", "Yes."),), mime="")
        return await write(self, place, document, expected=expected)

    monkeypatch.setattr(MemoryKnowledgeLog, "write", overtaken)
    status, page = await shelf.give(address, **form)
    assert status == 409
    assert field(page, "q") == "Entregam?"
    assert (await shelf.give(address, **form))[0] == 303
    assert [pair.q for pair in (await shelf.log.look()).newest[FAQ].document.faq] == ["Other?", "Entregam?"]


@pytest.mark.parametrize("seq", ["", "x", "0", "99999", "9" * 30, "-1"])
async def test_a_draft_that_is_not_there(shelf: Shelf, seq: str) -> None:
    assert (await shelf.page.get(f"{ONE}?seq={seq}"))[0] == 404
    assert (await shelf.give(f"{ONE}?seq={seq}", do="dismiss"))[0] == 404


async def test_a_collection_may_be_called_drafts(shelf: Shelf) -> None:
    await shelf.put("hours.md", "Abrimos às 8h.", collection="drafts")
    await shelf.indexed()
    assert "hours.md" in await shelf.shown("/desk/documents/drafts")
