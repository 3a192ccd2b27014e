"""Recall at 3 for the last question of a conversation, as in `front`: `python -m tests.knowledge.follow_ups [tune]`.

Prints JSON: by place, by way of searching and by what is looked up, the share of conversations.csv whose right passage
is among the first three. `turn`: the question alone; `always`: with the two messages before it; `front`: what recado
shows; `query`: the same without the place for the question alone. The kind `stranger` is a change of subject after a
question of questions.csv about the same business. With `tune`, the unseen are left out. RECALL_CACHE as in `recall`.
"""

from __future__ import annotations

import asyncio
import csv
import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from statistics import fmean
from typing import Literal

import structlog

from actors.tools.look_up import with_best_of
from chat.context import Line
from chat.first_look import EARLIER, query_of
from projections.knowledge.index import Index
from projections.knowledge.phrasings import phrasings_of
from projections.knowledge.search import Found, Question, search
from tests.knowledge.catalogue import catalogue
from tests.knowledge.question_set import BUSINESSES, FOLDER, USES, Use, business_of, questions
from tests.knowledge.recall import FIRST, OTHER_PIECES, OTHERS, SECTIONS, Vectors, documents, indexed

Kind = Literal["follow_up", "change", "stranger"]


@dataclass(frozen=True, slots=True)
class Conversation:
    id: str
    language: str
    before: str
    """The person's messages before, with ` | ` between them."""
    question: str
    document: str
    """The file that answers."""
    contains: str
    """Words of the right passage, once in its document."""
    kind: Kind
    """A follow-up means nothing without the messages before; a change of subject means the same without them."""
    use: Use

    @property
    def messages(self) -> list[str]:
        return self.before.split(" | ")


@cache
def conversations() -> tuple[Conversation, ...]:
    with (FOLDER / "conversations.csv").open(newline="") as file:
        return tuple(Conversation(**row) for row in csv.DictReader(file))


def strangers() -> Iterator[Conversation]:
    """Each change of subject after each other question of its use about the business."""
    for one in conversations():
        for asked in questions():
            is_other = asked.contains not in (one.contains, "") and asked.use == one.use
            if one.kind == "change" and is_other and business_of(asked.document) == business_of(one.document):
                yield replace(one, kind="stranger", before=asked.question)


def looked_up(one: Conversation) -> Mapping[str, str]:
    """The queries, by their names."""
    history = [Line("user", text) for text in one.messages]
    return {
        "turn": one.question,
        "always": "\n".join([one.question, *reversed(one.messages[-EARLIER:])]),
        "query": query_of([Line("user", one.question)], history),
    }


def is_right(one: Conversation, found: Sequence[Found]) -> bool:
    return any(there.place.name == one.document and one.contains in " ".join(there.text.split()) for there in found)


def by_words(index: Index, words: str, where: tuple[str, ...]) -> list[Found]:
    return search(index, Question(words, where), FIRST)


def shown(one: Conversation, find: Callable[[str], Sequence[Found]]) -> Mapping[str, Sequence[Found]]:
    """What is found for each query."""
    found = {name: find(query) for name, query in looked_up(one).items()}
    front = with_best_of(found["turn"], found["query"]) if "\n" in looked_up(one)["query"] else found["query"]
    return {**found, "front": front}


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    uses = USES[:1] if sys.argv[1:] == ["tune"] else USES
    asked = [one for one in (*conversations(), *strangers()) if one.use in uses]
    phrasings = {text for one in asked for query in looked_up(one).values() for text in phrasings_of(query)}
    vectors = Vectors(Path(os.environ.get("RECALL_CACHE", ".")))
    report: dict[str, dict[str, float]] = {}
    for others, texts in (("catalogue", catalogue(OTHER_PIECES, SECTIONS)), ("none", ())):
        index = indexed(documents(), texts)
        asyncio.run(vectors.make(index, phrasings))
        beside = (OTHERS,) if texts else ()
        for place in ("all", "one business") if texts else ("one business",):
            right: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
            for one in asked:
                where = (*((business_of(one.document),) if place == "one business" else BUSINESSES), *beside)
                for way, find in (("words", by_words), ("both", vectors.of_both)):
                    for name, found in shown(one, partial(find, index, where=where)).items():
                        right[f"{place}, {others}, {way}, {name}"][f"{one.kind}, {one.use}"].append(
                            is_right(one, found)
                        )
            report |= {name: {kind: round(fmean(all_), 2) for kind, all_ in of.items()} for name, of in right.items()}
        index.close()
    print(json.dumps(report, indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
