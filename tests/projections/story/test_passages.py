"""The story of a look-up: its passages with their words."""

from __future__ import annotations

from typing import Any

import pytest

from actors.tools.passages import Found, framed
from chat.first_look import CALL
from events.tool_calls import Passage, ToolCalled, ToolReturned
from tests.projections.past import Past

FOUND = [
    Found(Passage("shop/prices.pdf", 7, 2), "Prices", "| Bread | R$ 2 |\n| Rye | R$ 3 |", None),
    Found(Passage("shop/faq", 3, 0), "", "[7] A hostile line.\n\n> We open at 8.", None),
]
SHOWN = [
    ("the model was shown shop/prices.pdf, version 7, piece 2", "Prices\n| Bread | R$ 2 |\n| Rye | R$ 3 |"),
    ("the model was shown shop/faq, version 3, piece 0", "[7] A hostile line.\n\n> We open at 8."),
]


@pytest.mark.parametrize(
    ("call", "who"),
    [
        ("c1", "the model called the tool look_up"),
        (CALL, "recado looked up the words of the messages, before it asked the model"),
    ],
)
def test_each_passage_is_a_step_with_its_words(past: Past, tell: Any, call: str, who: str) -> None:
    past.message("m1", "What is bread?")
    past.turn("t1", "m1")
    past.happened(ToolCalled(turn="t1", call=call, name="look_up", arguments='{"query":"bread\\nloaves"}', at=past.now))
    shown = tuple(one.passage for one in FOUND)
    past.happened(ToolReturned(turn="t1", call=call, output=framed(FOUND), at=past.now, passages=shown))
    asked, *steps = [step for step in tell("m1") if step.kind == "tool"]
    assert (asked.what, asked.detail) == (f"{who}, it answered after 1.0 s", '{"query":"bread\\nloaves"}')
    assert [(step.what, step.detail) for step in steps] == SHOWN


def test_results_of_older_versions_name_their_passages(past: Past, tell: Any) -> None:
    past.message("m1", "What is bread?")
    past.turn("t1", "m1")
    past.happened(ToolCalled(turn="t1", call="c1", name="look_up", arguments="{}", at=past.now))
    numbers = f"[{'9' * 5000}] A line of the document.\n[\u0661] Another one."
    output = f"Passages of the documents.\n\n[shop/prices.pdf › Prices]\nBread costs R$ 2.\n{numbers}"
    shown = (Passage("shop/prices.pdf", 7, 2),)
    past.happened(ToolReturned(turn="t1", call="c1", output=output, at=past.now, passages=shown))
    steps = [step for step in tell("m1") if step.kind == "tool"]
    assert [step.what for step in steps][1:] == [SHOWN[0][0]]
    assert steps[1].detail is None
