"""Finds names where people introduce themselves or others, in any case of letters: what follows "soy", "my daughter",
"in the name of", "thanks" at the end. Pure.

A name is there unless the word is one of a table, so a rare word may be taken for one. A person reads every draft.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from projections.drafts.common_names import LAST
from projections.drafts.ordinary_words import ORDINARY
from projections.knowledge.forms import is_filler
from projections.words import folded

SHORTEST = 3
"""Letters of a name."""

MOST_WORDS = 3
"""Words of a name."""

_WORD = r"[^\W\d_][\w'’-]*"
_KIN = (
    r"(?:filh[oa]|espos[oa]|marido|mulher|m[ãa]e|pai|irm[ãa]o?|av[óô]|net[oa]|ti[oa]|prim[oa]|sobrinh[oa]|sogr[oa]|amig[oa]"
    r"|cunhad[oa]|coleg[oa]|funcion[áa]ri[oa]|porteiro|cu[ñn]ad[oa]|empleada|brother-in-law|sister-in-law|colleague"
    r"|namorad[oa]|noiv[oa]|vizinh[oa]|chefe|beb[êe]|hij[oa]|mujer|madre|mam[áa]|padre|pap[áa]|herman[oa]|abuel[oa]|niet[oa]"
    r"|t[íi][oa]|sobrin[oa]|suegr[oa]|novi[oa]|vecin[oa]|daughter|son|wife|husband|mother|mom|mum|father|dad|sister"
    r"|brother|grand(?:mother|father|son|daughter)|aunt|uncle|cousin|niece|nephew|friend|girlfriend|boyfriend|partner"
    r"|baby|boss)"
)
_TITLES = r"(?:don|dona|do[ñn]a|sr\.?|sra\.?|senhor|senhora|se[ñn]ora?|dr\.?|dra\.?|mr\.?|mrs\.?|ms\.?)\s+"
_BEFORE = re.compile(
    r"(?:"
    r"(?<!no )\b(?:soy|sou|i['’]?m|i\s+am(?:\s+called)?|this\s+is|aqui\s+(?:quem\s+fala\s+)?[ée]|aqu[íi]\s+(?:habla|es)"
    r"|(?:les|te|le)\s+habla|quem\s+(?:fala|escreve)\s+[ée]|meu\s+nome\s+e|it['’]?s)"
    r"\s+(?:[oa]\s+(?:seu\s+)?|el\s+|la\s+)?"
    r"|(?<!como\s)(?<![¿?]\s)(?<![¿?])\bse\s+(?:chama|llama)\s+|\bme\s+(?:dicen|dizem)\s+|\bi\s+go\s+by\s+"
    r"|\b(?:tell|d[íi]gale\s+a|diga\s+(?:a|pra|para\s+a|para\s+o|ao))\s+"
    r"|\b(?:minha|meu|nossa|nosso|mi|nuestr[oa]|my|our)\s+" + _KIN + r"(?:\s+is\s+called|\s+[ée])?,?\s+"
    r"|\b(?:em|no|a|al)\s+(?:nome|nombre)\s+(?:de|do|da|del)\s+(?:la\s+|el\s+)?(?:(?:meu|minha|mi)\s+" + _KIN + r"\s+)?"
    r"|\b(?:under|in)\s+the\s+name(?:\s+of)?\s+|\b(?:booking|booked|reservation|reserved|table|room)\s+(?:is\s+)?under\s+(?!the\b)"
    r"|\b(?:fal(?:a|e|o|ar|ei)\s+com|habl(?:a|e|o|ar|é)\s+con|pregunt(?:a|e|ar)\s+por|procur(?:a|e|ar)\s+por"
    r"|(?:speak|spoke|talk|talked)\s+(?:to|with))\s+(?:[oa]\s+|el\s+|la\s+)?"
    r"|\b(?=" + _TITLES + r")"
    r")(?:" + _TITLES + r")?(?=[^\W\d_])",
    re.IGNORECASE,
)
_END = re.compile(
    r"(?:^|[.,;!?\n])[ \t]*(?:att(?:e)?|abs|abra[çc]os?|bjs|beijos?|atenciosamente|atentamente|(?:muito\s+)?obrigad[oa]"
    r"|(?:muchas\s+)?gracias|(?:um\s+|un\s+)?saludos?|(?:many\s+)?thanks|thx|tks|thank\s+you|cheers|(?:(?:kind|best|warm)\s+)?regards|best|sincerely)"
    rf"[.,!]?[\s-]+(?P<name>(?:[^\W\d_]\.\s*)?{_WORD}(?:[ \t]+{_WORD}){{0,2}})[.!\s]*\Z",
    re.IGNORECASE,
)
_HERE = re.compile(
    rf"(?:^|[,.!?;\n])[ \t]*(?P<name>{_WORD})[ \t]+(?:here|speaking|aqui|aqu[íi]|falando|hablando)\s*(?=[,.!;\n]|$)",
    re.IGNORECASE,
)
_NEXT = re.compile(rf"(?P<between>[ \t]{{1,2}}(?:d[aeo]s?[ \t]+|del?[ \t]+(?:la[ \t]+)?)?)(?P<word>{_WORD})")
_FIRST = re.compile(_WORD)
_STOPS = re.compile(r"[ \t]*(?:$|[\n,;.!?]|por\s+favor\b|please\b)")
_SIGNS = re.compile(
    r"\b(?:soy|sou|i['’ ]?a?m|this is|aqu[ií]|habl|fala|fale|escreve|se (?:chama|llama)|me di[cz]e|i go by|tell|d[íi]ga"
    r"|minha|meu|noss[ao]|mi|nuestr|my|our|nom[eb]|name|under|procur|pregunt|spoke|speak|talk|here|it['’]?s"
    r"|don|do[ñn]a|sra?\b|senhor|se[ñn]or|dra?\b|m[rs]s?\b)"
)
_SIGNS_AT_THE_END = (
    "att", "abs", "abra", "bjs", "beijo", "atenci", "atent", "obrigad", "gracias", "saludo", "than", "thx", "tks",
    "cheers", "regards", "best", "sincerely",
)  # fmt: skip
"""A look for these costs a tenth of the patterns, and most messages have none."""

_ENDINGS = ("ing", "ando", "endo", "iendo", "mente", "ista", "ou")
"""Of verbs, professions and adverbs."""


def introduced(text: str) -> Iterator[tuple[int, int]]:
    """Where the names stand, from the beginning; none twice."""
    plain, spans, patterns = text.casefold(), list[tuple[int, int]](), list[re.Pattern[str]]()
    if _SIGNS.search(plain) is not None:
        spans += [span for found in _BEFORE.finditer(text) if (span := _name_at(text, found.end())) is not None]
        patterns.append(_HERE)
    if any(sign in plain for sign in _SIGNS_AT_THE_END):
        patterns.append(_END)
    for pattern in patterns:
        for found in pattern.finditer(text):
            words = [word for word in _FIRST.findall(found["name"]) if len(word) > 1]  # but an initial
            spans += [found.span("name")] if all(map(_is_name, words)) else []
    last = 0
    for start, end in sorted(spans):
        if start >= last:
            yield start, end
            last = end


def is_ordinary(word: str) -> bool:
    """True if the word is known to be no name."""
    form = folded(word)
    return (
        form in ORDINARY
        or is_filler(form)
        or (len(form) > SHORTEST + 1 and "-" not in form and form.endswith(_ENDINGS))
    )


def _is_name(word: str) -> bool:
    return len(word) >= SHORTEST and not is_ordinary(word)


def _name_at(text: str, at: int) -> tuple[int, int] | None:
    """The name that begins there; None: an ordinary word does."""
    first = _FIRST.match(text, at)
    if first is None or not _is_name(first[0]):
        return None
    end = first.end()
    for _ in range(MOST_WORDS - 1):
        more = _NEXT.match(text, end)
        if more is None or not _is_name(more["word"]):
            break
        is_certain = more["word"][0].isupper() or folded(more["word"]) in LAST
        if not (is_certain or _STOPS.match(text, more.end())):
            break
        end = more.end()
    return at, end
