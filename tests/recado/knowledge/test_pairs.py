"""Questions with their answers, from CSV and back."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.faq import joined, without
from events.knowledge import Pair
from recado.knowledge.pairs import as_csv, pairs_in
from recado.knowledge.sources import SourceRefused
from tests.recado.knowledge.conftest import Knowledge

OPEN, PAY = Pair("Vocês abrem, aos domingos?", "Sim, das 9 às 12."), Pair("Posso pagar com cartão?", "Sim; e com pix.")
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from(';,"\n\r\t|'), min_size=1)
pairs = st.builds(Pair, texts.map(str.strip).filter(bool), texts.map(str.strip).filter(bool))


@pytest.mark.parametrize(
    "text",
    [
        f'{OPEN.q};{OPEN.a}\n{PAY.q};"{PAY.a}"\n',
        f'Pergunta,Resposta\n"{OPEN.q}","{OPEN.a}"\n{PAY.q},{PAY.a}',
        f'Nº;RESPUESTA;Pregunta\r\n1;{OPEN.a};{OPEN.q}\r\n;;\r\n2;"{PAY.a}";{PAY.q}\r\n',
        f'sep=;\n{OPEN.q};{OPEN.a}\n{PAY.q};"{PAY.a}"',
        f"{OPEN.q}\t{OPEN.a}\r{PAY.q}\t{PAY.a}\r",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_people_s_files(text: str, encoding: str) -> None:
    """With a heading in three languages or without, with ; or , or tabs, in the encodings that Excel writes."""
    assert pairs_in(text.encode(encoding)) == (OPEN, PAY)


@given(st.lists(pairs, min_size=1, max_size=6))
def test_what_is_written_is_read_again(given: list[Pair]) -> None:
    assert pairs_in(as_csv(joined((), given))) == joined((), given)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no rows"),
        (b"\n;\n", "no rows"),
        (b"question;answer\n", "a heading alone"),
        (b"question;answer\nOpen?;\n", "row 2: a question has 1 to 1,000"),
        (b"Open?\n", "row 1: it has 1 columns"),
        (b"a;b;c\n", "row 1: it has 3 columns"),
        (b"question,answer\nOpen?,Yes\nDeliver?,Yes, on Saturdays\n", "row 3: it has 3 columns, and the heading 2"),
        (b'question;answer\nOpen?;"Yes\nDeliver?;No\n', "row 2: a quotation mark opens"),
        (b"Open?;" + b"x" * 4097, "this one 4,097"),
        (b"x" * 1001 + b";Yes", "this one 1,001"),
        (b"".join(b"%d?;Yes\n" % n for n in range(2001)), "2,001 questions"),
        (b"x" * 5_000_000, "at most 4,194,304"),
        (b"%PDF\x00\x01", "no text"),
    ],
)
def test_what_is_no_file_of_pairs(body: bytes, says: str) -> None:
    with pytest.raises(SourceRefused, match=says):
        pairs_in(body)


def test_a_question_is_there_once() -> None:
    assert joined((OPEN, PAY), (Pair("VOCÊS  abrem, aos domingos?", "Não."),))[0].a == "Não."
    assert without((OPEN, PAY), "vocês abrem, aos domingos? ") == (PAY,)


@pytest.mark.slow("fifteen commands, a process each")
async def test_pairs_and_files_leave_and_come_back(knowledge: Knowledge) -> None:
    """Given pairs that are added, imported, found and removed, and files, then the exported folder makes the same
    documents in another collection."""
    (knowledge.home / "pairs.csv").write_text("Posso pagar com cartão?;Não.\n")
    await knowledge("faq", "shop", "--import", "pairs.csv", "--add", OPEN.q, OPEN.a)
    assert (await knowledge("faq", "shop", "--add", PAY.q, PAY.a)).out == "2 questions\n"
    assert PAY.a in (await knowledge("search", "shop", "pago com cartão")).out
    assert "no question" in (await knowledge("faq", "shop", "--remove", "Where?", code=1)).err
    (knowledge.home / "bad.csv").write_text("Open?\n")
    assert "row 1" in (await knowledge("faq", "shop", "--import", "bad.csv", code=1)).err
    folder = knowledge.home / "docs"
    (folder / "menu").mkdir(parents=True)
    (folder / "menu" / "winter.csv").write_text("bolo;20\nsuco;9\n")
    await knowledge("add", "shop", str(folder))
    assert "give another name" in (await knowledge("faq", "shop", "menu/winter.csv", code=1)).err
    assert (await knowledge("export", "shop", "out")).out == "2 written\n"
    assert "not empty" in (await knowledge("export", "shop", "out", code=1)).err
    assert (await knowledge("add", "again", "out")).out == "2 added, 0 changed, 0 unchanged\n"
    assert (await knowledge("add", "again", "out")).out == "0 added, 0 changed, 2 unchanged\n"
    kept = ("name", "sha256", "object", "text", "mime", "faq")
    listed = (await knowledge("list", "--json")).document
    by = {
        of: [{key: one[key] for key in kept} for one in listed if one["collection"] == of] for of in ("shop", "again")
    }
    assert by["shop"] == by["again"]
    await knowledge("faq", "again", "--remove", PAY.q, "--remove", OPEN.q)
    assert [one["name"] for one in (await knowledge("list", "again", "--json")).document] == ["menu/winter.csv"]


async def test_a_name_in_decomposed_letters(knowledge: Knowledge) -> None:
    """As macOS gives it: each command knows the document, and a new one has composed letters."""
    decomposed, composed = (unicodedata.normalize(form, "Cardápio é bom.md") for form in ("NFD", "NFC"))
    (knowledge.home / decomposed).write_text("Pão de queijo.")
    await knowledge("add", "shop", str(knowledge.home / decomposed))
    assert (await knowledge("show", "shop", decomposed)).out == "Pão de queijo.\n"
    await knowledge("remove", "shop", decomposed, composed)
    await knowledge("faq", "shop", decomposed, "--add", OPEN.q, OPEN.a)
    assert OPEN.a in (await knowledge("faq", "shop", composed)).out
