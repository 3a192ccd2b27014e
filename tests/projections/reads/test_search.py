"""Full-text search through the words of both sides."""

from __future__ import annotations

from itertools import pairwise

import pytest

from events.inbound import Edit, Revoke
from projections.reads import found as found_pages
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, ELSEWHERE, Past


def found(known: Known, text: str, **where: str) -> list[str]:
    return [hit.entry.id for hit in known.queries.search(text, **where)]  # type: ignore[arg-type]


def test_messages_and_replies_are_found_newest_first(known: Known, past: Past) -> None:
    """All words must stand in a text, in any order; case and accents make no difference; the last may be begun only."""
    past.message("m1", "Não chegou a ENCOMENDA")
    past.turn("t1", "m1")
    past.reply("t1", "m1", text="A encomenda chegou, sim")
    past.message("m2", "outra coisa", BIA)
    known.after(past)
    assert found(known, "encomenda chegou") == ["t1.r", "m1"]
    assert found(known, "nao") == ["m1"]
    assert found(known, "encom") == ["t1.r", "m1"]
    assert found(known, "encom chegou") == []
    assert found(known, "encomenda coisa") == []


def test_a_search_in_one_account_or_chat(known: Known, past: Past) -> None:
    """Hits say where they are."""
    for number, key in enumerate((ANA, BIA, ELSEWHERE)):
        past.message(f"m{number}", "hello", key)
    known.after(past)
    assert found(known, "hello", account="shop") == ["m1", "m0"]
    assert found(known, "hello", chat=ANA.chat) == ["m2", "m0"]
    hit = known.queries.search("hello", limit=1)[0]
    assert (hit.account, hit.chat, hit.entry.id) == (*ELSEWHERE, "m2")


@pytest.mark.parametrize(
    "text",
    ['"', "a AND", "(", "NEAR(", "text:a", "*", "-", "^a", '"a" OR', "\x00", "'; --", "a\x00b", "col:", "🙂", " "],
)
def test_nothing_a_person_types_is_syntax(known: Known, past: Past, text: str) -> None:
    """For every text the answer is hits or none, never an error."""
    past.message("m1", "a b c")
    assert found(known.after(past), text) in ([], ["m1"])


def test_an_edited_message_is_found_by_its_present_words(known: Known, past: Past) -> None:
    """Whether the edit came along with the message, later, or twice; its former words are not found."""
    past.message("m1", "old words")
    past.happened(Edit(id="e1", of="m1", text="new words"))
    past.message("m2", "yet unedited")
    known.after(past)
    assert found(known, "words") == ["m1"]
    assert found(known, "old") == []
    past.happened(Edit(id="e2", of="m2", text="changed later"))
    past.happened(Edit(id="e3", of="m1", text="changed twice"))
    known.after(past)
    assert found(known, "changed") == ["m2", "m1"]
    assert found(known, "yet") == found(known, "new") == []
    past.happened(Revoke(id="v1", of="m1"))
    known.after(past)
    assert found(known, "changed") == ["m2"]
    assert found(known, "twice") == []


@pytest.mark.parametrize("counted", [1, 4, 11, 12, 13, 100])
def test_every_hit_is_reached_though_not_all_are_counted(
    known: Known, past: Past, monkeypatch: pytest.MonkeyPatch, counted: int
) -> None:
    """Page by page there and back; the number of a hit is told as far as hits are counted."""
    monkeypatch.setattr(found_pages, "COUNTED", counted)
    for number in range(12):
        past.message(f"m{number}", f"hello {number}", ANA if number % 2 else BIA)
    known.after(past)
    page = known.queries.found("hello", 5)
    pages = [page]
    while page.more:
        page = known.queries.found("hello", 5, after=page.hits[-1].entry.seq)
        pages.append(page)
    assert [hit.entry.id for one in pages for hit in one.hits] == [f"m{n}" for n in range(11, -1, -1)]
    assert all(one.all == min(12, counted + 1) for one in pages)
    assert [one.first for one in pages] == [first if first <= counted + 1 else 0 for first in (1, 6, 11)]
    for earlier, later in pairwise(pages):
        assert known.queries.found("hello", 5, before=later.hits[0].entry.seq).hits == earlier.hits
