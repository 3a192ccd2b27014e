"""The line under an answer that names its documents."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chat.first_look import CALL
from chat.language import Language
from chat.sources import with_sources
from chat.turn import Call, Running, Turn
from events.tool_calls import Passage

AT = datetime(2026, 11, 29, tzinfo=UTC)
PRICES = Passage("shop/prices.pdf", 7, 2, AT)


def turn(*passages: Passage, run: str | None = None, call: str = "c1") -> Turn:
    made = Call(call, "look_up", "{}", "one", run, "It is 2.", passages=passages)
    return Turn("t", ("m1",), "chat", 1, "one", AT, calls=(made,))


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "Source: prices.pdf, 29 Nov 2026"),
        ("pt", "Fonte: prices.pdf, 29 nov 2026"),
        ("es", "Fuente: prices.pdf, 29 nov 2026"),
    ],
)
def test_it_is_in_the_persons_language(language: Language, line: str) -> None:
    assert with_sources("It is 2.", turn(PRICES), language) == f"It is 2.\n\n{line}"


def test_each_document_is_named_once_in_the_order_of_the_passages_and_three_at_most() -> None:
    others = [Passage(f"shop/menu/{name}.md", 1, 0) for name in ("b", "a", "c")]
    shown = turn(PRICES, others[0], replace(PRICES, chunk=3), *others)
    assert with_sources("x", shown, "en") == "x\n\nSources: prices.pdf, 29 Nov 2026; menu/b.md; menu/a.md"


@pytest.mark.parametrize("shown", [turn(), turn(PRICES, run="lost")])
def test_there_is_none_without_passages_of_this_attempt(shown: Turn) -> None:
    shown = replace(shown, phase=Running("run2", ("run2",)))
    assert with_sources("It is 2.", shown, "en") == "It is 2."


def test_passages_before_the_question_count_in_every_attempt() -> None:
    shown = replace(turn(PRICES, call=CALL), phase=Running("run2", ("run2",)))
    assert with_sources("It is 2.", shown, "en").endswith("\n\nSource: prices.pdf, 29 Nov 2026")


def test_it_is_off_unless_a_profile_wants_it() -> None:
    assert with_sources("It is 2.\n\nSource: x", turn(PRICES), None) == "It is 2.\n\nSource: x"


@pytest.mark.parametrize(
    "own",
    ["Source: secret.pdf", "**Sources:** a, b", "_Fonte_: x", "Fuentes : x", "(source: x)", "Source: a\n\nSource: b"],
)
def test_the_models_own_line_goes(own: str) -> None:
    """A model writes one as it sees them under earlier answers."""
    assert with_sources(f"It is 2.\n\n{own}\n", turn(), "en") == "It is 2."
    said = with_sources(f"It is 2.\n\n{own}", turn(PRICES), "en")
    assert said == "It is 2.\n\nSource: prices.pdf, 29 Nov 2026"
    assert with_sources(said, turn(PRICES), "en") == said


def test_a_silent_answer_stays_silent() -> None:
    assert with_sources(" ", turn(PRICES), "en") == " "


@given(st.text(), st.text(max_size=300))
def test_any_name_makes_one_line(text: str, name: str) -> None:
    said = with_sources(text, turn(Passage(f"shop/{name}", 1, 0, AT)), "en")
    if not text.strip():
        assert said == text
        return
    *_, blank, line = said.split("\n")
    assert (blank, line.startswith("Source: "), len(line) < 120) == ("", True, True)
    assert len(line.splitlines()) == 1
