"""Puts the same question in other words together. Pure: the same questions in the same order give the same groups."""

from __future__ import annotations

import re
from collections import Counter

from projections.drafts.masking import MASK
from projections.knowledge.forms import telling_stems
from projections.words import folded

SAME = 0.6
"""Share of the stems of two questions, of all that either has, from which they ask the same."""

MOST_STEMS = 40
"""Stems of a question that count, the first ones."""

_WORD = re.compile(r"\w+")

_FILLERS = frozenset(
    folded(
        "ai aqui ali ca quem fala falo falar falando quero queria quer gostaria saber sabe sei diz diga dizer dizem "
        "coisa gente alguem sobre informacao informar duvida licenca desculpa desculpe "
        "ahi aca habla hablo hablar quiero quisiera gustaria dime digame decir cosa alguien ustedes informacion duda "
        "disculpa disculpe perdon oiga any anyone some would like know about just wondering wonder tell want wanted "
        "ask asking sorry excuse question guys please"
    ).split()
)
"""Words with which people begin or end a question; they tell nothing of it."""

Topic = frozenset[str]


def topic_of(question: str) -> Topic:
    """The topic of a masked question: the stems of its words that say something."""
    said = question.replace(MASK, " ")
    told = " ".join(word for word in _WORD.findall(said) if folded(word) not in _FILLERS)
    return frozenset((telling_stems(told) or telling_stems(said))[:MOST_STEMS])


class Topics:
    """Topics by their place, from 0, in the order in which they came."""

    def __init__(self) -> None:
        self._known: list[Topic] = []
        self._having: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, topic: Topic) -> int | None:
        """The topic that is most like this one, the first of equals; None: none is the same."""
        shared = Counter(place for stem in topic for place in self._having.get(stem, ()))
        best, most = None, 0.0
        for place, count in shared.items():
            likeness = count / (len(topic) + len(self._known[place]) - count)
            if likeness >= SAME and (best is None or likeness > most or (likeness == most and place < best)):
                best, most = place, likeness
        return best

    def add(self, topic: Topic) -> int:
        """Its place, as a new one."""
        place = len(self._known)
        self._known.append(topic)
        for stem in topic:
            self._having.setdefault(stem, []).append(place)
        return place
