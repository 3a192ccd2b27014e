"""Markdown becomes what WhatsApp shows."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.delivery.formatting import to_whatsapp


@pytest.mark.parametrize(
    ("markdown", "whatsapp"),
    [
        ("plain text", "plain text"),
        ("two\nlines", "two\nlines"),
        ("one\n\n\n\ntwo", "one\n\ntwo"),
        ("**bold** and __bold__", "*bold* and *bold*"),
        ("*italic* and _italic_", "_italic_ and _italic_"),
        ("***both***", "_*both*_"),
        ("~~gone~~", "~gone~"),
        ("**over\ntwo lines**", "*over*\n*two lines*"),
        ("# Opening hours", "*Opening hours*"),
        ("## The **rye** bread", "*The rye bread*"),
        ("`price` is", "`price` is"),
        ("```python\nx = 1\n```", "```\nx = 1\n```"),
        ("~~~\na ``` b\n~~~", "```\na ''' b\n```"),
        ("- rye\n- wheat", "- rye\n- wheat"),
        ("* rye\n\n* wheat", "- rye\n- wheat"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("- a\n  - b\n  - c\n- d", "- a\n  - b\n  - c\n- d"),
        ("> wise\n> words", "> wise\n> words"),
        ("[our page](https://example.org/x)", "our page (https://example.org/x)"),
        ("[https://example.org](https://example.org)", "https://example.org"),
        ("<https://example.org>", "https://example.org"),
        ("[example.org](https://example.org)", "https://example.org"),
        ("<ana@example.org>", "ana@example.org"),
        ("![the shop](https://example.org/a.png)", "the shop (https://example.org/a.png)"),
        ("see https://example.org/_a_b?x=*y*~z~ *now*", "see https://example.org/_a_b?x=*y*~z~ _now_"),
        ("**https://example.org/_a_**, (http://e.org/x_y)", "*https://example.org/_a_*, (http://e.org/x_y)"),
        ("| bread | price |\n|---|---|\n| rye | 4.20 |\n| wheat<br>white | 3.10 |",
         "bread | price\nrye | 4.20\nwheat white | 3.10"),
        ("above\n\n---\n\nbelow", "above\n\n———\n\nbelow"),
        ("<b>no HTML</b>", "<b>no HTML</b>"),
        ("5 * 3 = 15, 2 * 2 = 4", "5 * 3 = 15, 2 * 2 = 4"),
        ("snake_case_name", "snake_case_name"),
        ("R$ 5,00 \\* taxa", "R$ 5,00 * taxa"),
        ("    indented by a model", "indented by a model"),
        ("", ""),
        ("   \n\n ", ""),
    ],
)  # fmt: skip
def test_one_form(markdown: str, whatsapp: str) -> None:
    assert to_whatsapp(markdown) == whatsapp


WORDS = st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=8)
MARKED = st.sampled_from(["{}", "**{}**", "*{}*", "~~{}~~", "`{}`", "[{}](https://e.org)", "***{}***"])
LINES = st.sampled_from(["{}", "# {}", "- {}", "1. {}", "> {}", "```\n{}\n```", "  - {}", "| {} |"])


@given(st.lists(st.tuples(LINES, st.lists(st.tuples(MARKED, WORDS), min_size=1, max_size=4)), max_size=8))
def test_no_word_is_lost(lines: list[tuple[str, list[tuple[str, str]]]]) -> None:
    """However blocks and marks are put together, every word is still there, in order."""
    markdown = "\n".join(line.format(" ".join(mark.format(word) for mark, word in words)) for line, words in lines)
    shown = re.findall(r"\w+", to_whatsapp(markdown).replace("_", " "))
    rest = iter(shown)
    assert all(word in rest for _, words in lines for _, word in words)


@given(st.text() | st.text(alphabet="*_~`>#-|[]()!\\ \n\tab1.<&;"))
def test_any_text_at_all(text: str) -> None:
    """Nothing breaks it, and the result can be formatted again."""
    to_whatsapp(to_whatsapp(text))
