"""`recado knowledge check`: questions with what they must find."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from events.knowledge import Place
from projections.knowledge.search import Found
from recado.knowledge.checks import Check, checks_in, judged
from recado.knowledge.sources import SourceRefused
from tests.recado.knowledge.conftest import Knowledge

CSV = "question;must contain;must cite\nQuanto custa o frete?;R$ 15;shipping.md\nHow much is rye?;4.50;\n"


def piece(text: str, name: str = "shipping.md", headings: str = "Envios") -> Found:
    return Found(Place("shop", name), 1, 0, headings, text, "", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("contain", "cite", "passed"),
    [
        ("r$ 15", "", True),
        ("FRÉTE  CUSTA", "", True),
        ("envios", "", True),
        ("R$ 16", "", False),
        ("", "shipping.md", True),
        ("", "shop/shipping.md", True),
        ("", "bar/shipping.md", False),
        ("", "prices.csv", True),
        ("R$ 15", "prices.csv", False),
        ("R$ 20", "prices.csv", True),
    ],
)
def test_one_piece_has_all_that_is_asked_for(contain: str, cite: str, passed: bool) -> None:
    found = [piece("O frete custa R$ 15."), piece("| bolo | R$ 20 |", "prices.csv", "")]
    outcome = judged(Check("?", contain, cite), found)
    assert (outcome.passed, outcome.found) == (passed, ("shop/shipping.md", "shop/prices.csv"))
    assert judged(Check("?", contain, cite), []).passed is False


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "first row must name"),
        (b"question;answer\na;b\n", "first row must name"),
        (b"must cite\na\n", "first row must name"),
        (b"question,must cite\n", "0 questions"),
        (b"question,must cite\n\nOpen?,\n", "row 3: say what"),
        (b"question,must cite\n,a.md\n", "row 2: a question"),
        (b"question,must contain\nOpen?,Yes, on Saturdays\n", "row 2: it has 3 columns, and the heading 2"),
        (b"question,must cite\n" + b"x" * 2001 + b",a.md\n", "row 2: a question"),
        (b"question,must cite\n" + b"x,a.md\n" * 5001, "5,001 questions"),
        (b"\x00\x01", "no text"),
    ],
)
def test_what_is_no_file_of_checks(body: bytes, says: str) -> None:
    with pytest.raises(SourceRefused, match=says):
        checks_in(body)


def test_columns_in_any_order() -> None:
    read = checks_in("Must_Cite\tnote\tQUESTION\na.md\tx\tAbre às 7?\n".encode("utf-16"))
    assert read == (Check("Abre às 7?", "", "a.md"),)


@pytest.mark.slow("seven commands, a process each")
async def test_it_fails_where_one_is_not_found(knowledge: Knowledge) -> None:
    """Given documents and questions, then it exits 0; a price that changed makes it exit 1 and is named."""
    (knowledge.home / "shipping.md").write_text("# Envios\n\nO frete custa R$ 15.\n")
    (knowledge.home / "prices.csv").write_text("name;price\nLoaf of rye;4.50\n")
    (knowledge.home / "checks.csv").write_text(CSV)
    assert "has no documents" in (await knowledge("check", "checks.csv", "--collection", "shop", code=1)).err
    assert "RECADO_KNOWLEDGE" in (await knowledge("check", "checks.csv", code=2)).err
    await knowledge("add", "shop", "shipping.md", "prices.csv")
    assert (await knowledge("check", "checks.csv", "--collection", "shop")).out.endswith("2 of 2 found\n")
    (knowledge.home / "shipping.md").write_text("# Envios\n\nO frete custa R$ 16.\n")
    await knowledge("add", "shop", "shipping.md")
    failed = await knowledge("check", "checks.csv", "--collection", "shop", code=1)
    assert "FAILED" in failed.out.splitlines()[1]
    assert failed.out.endswith("1 of 2 found\n")
    done = await knowledge("check", "checks.csv", "--collection", "shop", "--json", code=1)
    assert [(one["passed"], one["found"][0]) for one in done.document] == [
        (False, "shop/shipping.md"),
        (True, "shop/prices.csv"),
    ]
