"""Answers that say that something is not known, and those that say something else with the same words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.not_known import says_not_known
from tests.projections.drafts.said import KNOWN, NOT_KNOWN, lines

ANSWER = "The cake costs R$ 80."


@pytest.mark.parametrize("text", lines(NOT_KNOWN))
def test_words_of_not_knowing(text: str) -> None:
    """Whatever is around them, without accents' case, and with the other apostrophe."""
    for form in (text, text.upper(), f"{ANSWER} {text}", f"{text}\n{ANSWER}", text.replace("'", "’")):
        assert says_not_known(form), form


@pytest.mark.parametrize("text", lines(KNOWN))
def test_words_of_knowing(text: str) -> None:
    for form in (text, f"{ANSWER} {text}", f"{text} {ANSWER}", text.replace("'", "’")):
        assert not says_not_known(form), form


def test_it_is_read_at_the_beginning_alone() -> None:
    assert says_not_known(f"{'a' * 500}. I do not know.")
    assert not says_not_known(f"{'a' * 700}. I do not know.")


@given(st.lists(st.sampled_from(lines(KNOWN)), max_size=8))
def test_answers_together_are_answers(said: list[str]) -> None:
    assert not says_not_known("\n".join(said))


@given(st.text(max_size=2_000))
def test_it_reads_every_text(text: str) -> None:
    says_not_known(text)


@pytest.mark.parametrize(
    "word", ["não ", "no ", "not ", "documents ", "if ", ", se ", "lista não ", "a ", "'", "información no "]
)
def test_a_word_again_and_again(word: str) -> None:
    """Its time is bounded by the length that is read."""
    says_not_known(word * 5_000)
