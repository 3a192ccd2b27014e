"""The set that measures the search is what it says it is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from zipfile import ZipFile

import pytest

from projections.knowledge.phrasings import MOST
from tests.knowledge.office_files import pdf, spreadsheet, word
from tests.knowledge.question_set import (
    DOCUMENTS,
    KINDS,
    USES,
    Asked,
    judgments,
    language_of,
    passages,
    queries,
    questions,
    shared,
)

LANGUAGES = ("pt", "es", "en")
ANSWERED = [asked for asked in questions() if asked.kind != "no_answer"]


def test_documents() -> None:
    documents = sorted(path.name for path in DOCUMENTS.iterdir())
    assert len(documents) >= 22
    assert set(Counter(map(language_of, documents))) == set(LANGUAGES)
    assert {name.rpartition(".")[2] for name in documents} == {"csv", "docx", "html", "md", "pdf", "txt", "xlsx"}
    for name in documents:
        texts = {text for passage in passages(name) for text in (passage.heading, passage.text)}
        assert 1_500 <= sum(map(len, texts)) <= 6_000, name
        assert any(asked.document == name and asked.use == use for asked in questions() for use in USES)


def test_office_files_are_those_of_their_script(tmp_path: Path) -> None:
    for make, name in ((pdf, "harbour-language-school.pdf"), (spreadsheet, "clinica-sorriso-precos.xlsx")):
        make(tmp_path / name)
        assert (tmp_path / name).read_bytes() == (DOCUMENTS / name).read_bytes()
    word(made := tmp_path / "made.docx")
    one, other = (ZipFile(path).read("word/document.xml") for path in (made, DOCUMENTS / "taller-la-rueda.docx"))
    assert one == other


def test_counts() -> None:
    assert (
        len({asked.id for asked in questions()}) == len({asked.question for asked in questions()}) == len(questions())
    )
    assert len(questions()) >= 90
    counts = Counter(asked.kind for asked in questions())
    least = {"same_words": 20, "no_shared_content_word": 30, "other_language": 30, "no_answer": 22}
    assert {kind for kind in KINDS if counts[kind] < least[kind]} == set()
    assert {asked.language for asked in questions()} == set(LANGUAGES)


@pytest.mark.parametrize("kind", KINDS)
def test_a_third_of_each_kind_is_unseen(kind: str) -> None:
    uses = Counter(asked.use for asked in questions() if asked.kind == kind)
    assert set(uses) == set(USES)
    assert 0.3 <= uses["unseen"] / uses.total() <= 0.36
    unseen = {asked.language for asked in questions() if asked.kind == kind and asked.use == "unseen"}
    assert unseen == set(LANGUAGES)


@pytest.mark.parametrize("asked", ANSWERED, ids=lambda asked: asked.id)
def test_the_right_passage(asked: Asked) -> None:
    assert asked.contains
    texts = [passage.text for passage in passages(asked.document)]
    assert sum(text.count(asked.contains) for text in texts) == 1, "the words are once in the document"
    [passage] = [passage for passage in passages(asked.document) if asked.contains in passage.text]
    common = shared(asked.question, passage.whole)
    if asked.kind == "same_words":
        assert common
        assert asked.language == language_of(asked.document)
    elif asked.kind == "no_shared_content_word":
        assert not common
        assert asked.language == language_of(asked.document)
    else:
        assert asked.language != language_of(asked.document)


def test_what_has_no_answer_names_no_document() -> None:
    for asked in questions():
        if asked.kind == "no_answer":
            assert (asked.document, asked.contains) == ("", ""), asked.id


def test_words_are_compared_by_their_beginning() -> None:
    assert shared("Troca de corrente?", "trocar as correntes") == {"troca", "corrente"}
    assert shared("Pão", "pao") == {"pao"}
    assert not shared("o pé é da mesa", "que e o de para")


def test_each_question_is_asked_by_a_model_too() -> None:
    assert list(queries()) == [asked.id for asked in questions()]
    for asked in questions():
        written = queries()[asked.id]
        assert 1 <= len(written.all) <= MOST, asked.id
        assert 1 <= len(written.one) <= MOST or asked.kind == "no_answer", asked.id


def test_judged_passages_answer_questions_of_the_set() -> None:
    ids = {asked.id for asked in ANSWERED}
    assert {judged.answers for judged in judgments()} == {"yes", "no"}
    for judged in judgments():
        assert judged.id in ids
        assert (DOCUMENTS / judged.document).exists()
        assert judged.contains
