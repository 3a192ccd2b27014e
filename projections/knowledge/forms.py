"""Words as the index compares them: without accents and case, with the stems of the languages of the market, and with
the concepts that they name. Pure.

`concepts.txt` has a concept a line: the commonest words of what people ask businesses, Portuguese | Spanish | English.
A question so finds a passage that says the same in another of these words, in another language too.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import Stemmer

from projections.words import folded

LANGUAGES = ("portuguese", "spanish", "english")

CONCEPTS = Path(__file__).with_name("concepts.txt").read_text()

MOST_WORDS = 64
"""Different words of a question that are looked for; the first ones count."""

_WORD = re.compile(r"\w+", re.UNICODE)

_EMPTY = frozenset(
    folded(
        "a o as os um uma uns umas de do da dos das em no na nos nas por pelo pela para pra com sem que qual "
        "quais quem e ou se eu voce voces ele ela eles elas meu minha seu sua ao aos isso esse essa este esta "
        "é são ser tem ter ha há foi como onde quando quanto quanta quantos quantas posso pode podem vocês me "
        "lhe mais muito já não sim el la los las un una unos unas del al en y u con sin cual cuales quien es "
        "son hay tiene tienen tengo donde cuando cuanto cuanta cuantos cuantas puedo puede pueden mi su sus "
        "lo le te yo tu usted the an of in on at to for from by with without and or is are be does did can "
        "could i you he she it we they my your his her its our their this that these those what which who how "
        "where when much many if us there have has "
    ).split()
)
"""Words that say nothing about the matter of a question, in the three languages."""


_GREETINGS = frozenset(
    folded(
        "oi ola opa boa bom dia tarde noite hola buenos buenas dias tardes noches hi hello hey good morning afternoon "
        "evening favor pf pfv pls please obrigado obrigada valeu gracias thanks thank ok okay sim nao si no yes blz "
        "beleza"
    ).split()
)
"""Words of people that are no part of a question."""

_STEM = 6
"""Letters of a stem that count where questions are compared: `delivery` and `deliver` ask the same."""


@lru_cache(maxsize=1)
def _stemmers() -> tuple[Stemmer.Stemmer, ...]:
    return tuple(Stemmer.Stemmer(language) for language in LANGUAGES)


@lru_cache(maxsize=65536)
def _of_word(word: str) -> str:
    plain = folded(word)  # people leave accents out, and an ending without its accent is another one to a stemmer
    stems = (stemmer.stemWord(plain) for stemmer in _stemmers()) if plain.isalpha() else ()
    return " ".join(dict.fromkeys((plain, *stems)))


@lru_cache(maxsize=1)
def _concepts() -> dict[str, frozenset[int]]:
    """By a form of a word, the lines of the concepts that it names."""
    found: dict[str, set[int]] = {}
    for number, line in enumerate(CONCEPTS.splitlines()):
        for word in _WORD.findall(line.lower()):
            for form in () if folded(word) in _EMPTY else _of_word(word).split():
                found.setdefault(form, set()).add(number)
    return {form: frozenset(numbers) for form, numbers in found.items()}


@lru_cache(maxsize=65536)
def _with_concepts(word: str) -> str:
    """The word's forms and the names of its concepts: those of the word itself, or else those of its stems."""
    plain, *stems = _of_word(word).split() or [""]
    concepts = _concepts()
    named = concepts.get(plain) or frozenset[int]().union(*(concepts.get(stem, frozenset()) for stem in stems))
    return " ".join((plain, *stems, *(f"concept{number}" for number in sorted(named))))


def forms_of(text: str) -> str:
    """The forms of all words of a text and the concepts that they name, for the index."""
    return " ".join(map(_with_concepts, _WORD.findall(text.lower())))


def matched(question: str) -> str:
    """The question as FTS5 takes it: any form or concept of any word that says something; empty without words."""
    words = _WORD.findall(question.lower())
    telling = list(dict.fromkeys([word for word in words if folded(word) not in _EMPTY] or words))
    forms = dict.fromkeys(form for word in telling[:MOST_WORDS] for form in _with_concepts(word).split())
    return " OR ".join(f'"{form}"' for form in forms)


def is_filler(word: str) -> bool:
    """True if the folded word says nothing about the matter of a question."""
    return word in _EMPTY or word in _GREETINGS


def telling_stems(text: str) -> list[str]:
    """A stem of each word that says something, each once, in their order: the shortest one, cut."""
    words = (folded(word) for word in _WORD.findall(text.lower()))
    stems = (
        min(_of_word(word).split(), key=len)[:_STEM] for word in words if not (word.isdecimal() or is_filler(word))
    )
    return list(dict.fromkeys(stems))
