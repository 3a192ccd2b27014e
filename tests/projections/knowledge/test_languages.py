"""The language of a document is told by its words, and what collections hold by the index."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from events.knowledge import Document, Place, Version
from events.knowledge_contents import Contents
from projections.knowledge.contents import MOST_NAMES, contents
from projections.knowledge.index import Index, Text
from projections.knowledge.languages import language_of
from tests.knowledge.question_set import LANGUAGE_OF
from tests.knowledge.recall import documents

NAMES = {"pt": "Portuguese", "es": "Spanish", "en": "English"}
AT = datetime(2026, 11, 30, tzinfo=UTC)


def test_the_documents_of_the_set() -> None:
    told = {name: language_of(text) for name, text in documents().items()}
    assert told == {name: NAMES[LANGUAGE_OF[name.partition("-")[0]]] for name in told}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12 | 34",
        "Wir öffnen in der Woche um acht Uhr und am Samstag um neun. Das Brot kostet vier Euro.",
        "Nous sommes ouverts du lundi au samedi. Le pain coûte deux euros.",
    ],
)
def test_another_language_is_not_named(text: str) -> None:
    assert language_of(text) == ""


def test_what_collections_hold() -> None:
    """In the order of the collections; without what cannot be found."""
    index = Index(None)
    pairs = [
        (Version(Place("bar", "b.md"), 1, Document(name="b.md", at=AT)), Text("The price of the soup is for two.")),
        (Version(Place("shop", "a.md"), 2, Document(name="a.md", at=AT)), Text("O preço do pão e das tortas.")),
        (Version(Place("shop", "c.md"), 3, Document(name="c.md", at=AT)), Text("Os dias em que não abrimos.")),
        (Version(Place("shop", "scan.pdf"), 4, Document(name="scan.pdf", at=AT)), Text("", "it has no words")),
        (Version(Place("other", "z.md"), 5, Document(name="z.md", at=AT)), Text("El precio de las camas.")),
    ]
    index.take("one", 5, pairs, afresh=True)
    found = index.read(contents, ("shop", "bar"))
    assert found == Contents(("Portuguese", "English"), ("a.md", "c.md", "b.md"))
    index.close()


def test_not_all_names_are_told() -> None:
    index = Index(None)
    names = [f"{number:03}.md" for number in range(MOST_NAMES + 5)]
    pairs = [
        (Version(Place("shop", name), seq, Document(name=name, at=AT)), Text("bread"))
        for seq, name in enumerate(names, 1)
    ]
    index.take("one", len(pairs), pairs, afresh=True)
    found = index.read(contents, ("shop",))
    assert (found.names, found.others) == (tuple(names[:MOST_NAMES]), 5)
    index.close()
