"""Takes words that tell of one person out of a chat's text, before a person reads them as a draft. Pure.

A rule cannot know every name and every address. Where it takes out too much, the person who edits the draft writes the
words again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from chat.context import readable
from chat.unseen import seen
from projections.drafts.common_names import FIRST, LAST
from projections.drafts.introduced import SHORTEST, introduced, is_ordinary
from projections.knowledge.forms import is_filler
from projections.words import folded

MASK = "[…]"
"""Stands for each thing that was taken out."""

MOST_DIGITS = 4
"""Digits in a row, whatever is between them, that are kept: the year, an hour, a number of pieces."""

MOST_OF_A_PRICE = 7
"""Digits of a price that are kept."""

_LONGEST = 40
"""Characters of a word; a longer one is a key or an address of the web."""

_WEB = re.compile(
    r"\b(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|br|me|io|app|mx|ar|cl|co|es)\b(?:/\S*)?",
    re.IGNORECASE,
)
_MAIL = re.compile(
    r"\S*\s?@\s?\S*"
    r"|[\w.+-]+\s*[(\[{]?\s*\b(?:arroba|at)\b\s*[)\]}]?\s*[\w-]+\s*(?:\.|[(\[{]?\s*\b(?:ponto|punto|dot)\b\s*[)\]}]?)\s*\w+",
    re.IGNORECASE,
)
_LONG = re.compile(rf"\S{{{_LONGEST},}}")  # taken out first: the time of the other patterns grows with a word's square
_BLANKS = re.compile(r"[^\S\n]{3,}")
_SPELT = re.compile(
    r"(?:\b(?:zero|um|uma|dois|duas|tr[êe]s|quatro|cinco|seis|meia|sete|oito|nove|dez|onze|cero|uno|dos|cuatro|siete|ocho"
    r"|nueve|one|two|three|four|five|six|seven|eight|nine|oh|\d)\b[\s,.-]{0,3}){5,}",
    re.IGNORECASE,
)
_BORN = re.compile(
    r"\b\d{1,2}(?:º|st|nd|rd|th)?\s+(?:de\s+|of\s+)?[^\W\d_]{3,10}\s*,?\s*(?:de\s+|del\s+)?(?:19\d\d|200\d|201[0-2])\b"
    r"|\b[^\W\d_]{3,10}\s+\d{1,2}(?:st|nd|rd|th)?,?\s+(?:19\d\d|200\d|201[0-2])\b",
    re.IGNORECASE,
)
"""A day of a month, and a year in which a person may be born."""
_BIRTH = re.compile(
    r"\b(?P<said>(?:nasc|nac[íi]|dob\b|born\b|birth|date\s+of\s+b|d\.o\.b|anivers[áa]ri|cumplea)[^\n.!?\d]{0,30})"
    r"\d{1,4}[/. -]\d{1,2}(?:[/. -]\d{2,4})?\b",
    re.IGNORECASE,
)
_PLATE = re.compile(
    r"\b(?:[a-z]{3}(?:-|[ ](?!(?:19|20)\d\d))?\d[a-z\d]\d{2}|[a-z]{2}[ -]?\d{3}[ -]?[a-z]{2}|[a-z]{2}\d{2}[ -]?[a-z]{3}"
    r"|\d[a-z]{3}\d{3})\b"
    r"|\b(?P<said>(?:matr[íi]cula|placas?|patente|plate|reg|registration)\b[^\n.!?\d]{0,12}?\s)[a-z\d-]*\d[a-z\d]*"
    r"(?:[ -][a-z]{2,3}\b)?",
    re.IGNORECASE,
)
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b")
_BETWEEN = r"[\s.,\-/()+_·•–—−:*#|xX]{0,3}"
_NUMBERS = re.compile(
    r"(?P<price>(?:R\$|US\$|\$|€|£|\b(?:BRL|USD|EUR)\b)\s?\d[\d.,]*+(?![\s\-/().]{0,3}\d))"
    r"|(?P<hour>(?<!\w)(?:[01]?\d|2[0-4])\s?(?:[:h]\s?[0-5]\d(?!\d)|h(?:s|rs|oras?|ours?)?\b))"
    rf"|(?P<digits>[(+]*\w*\d(?:{_BETWEEN}\d)*(?:[-.]?\w+)?)"
)
_NAME = r"[\w'’.º°ª-]+"
_STREET = re.compile(
    r"(?:\bc/|\b(?:rua|rue|r\.|avenida|av\b\.?|avda\b\.?|travessa|tv\.|alameda|rodovia|estrada|praça|praca|quadra|qd\.?|bairro"
    r"|condom[íi]nio|edif[íi]cio|calle|carrera|cra\b\.?|kra\b\.?|diagonal|transversal|paseo|pasaje|plaza|colonia|col\."
    rf"|barrio|urbanizaci[óo]n|manzana|lote))\s+(?:{_NAME}[ \t]+){{0,5}}?"
    rf"(?:{_NAME}\s{{0,3}},?\s{{0,3}}(?:n[º°o.]{{0,2}}\s?)?(?:#\s?)?\d{{1,6}}\b[\w-]*|{_NAME}(?=[\n,;!?]|$))"
    rf"|\b\d{{1,6}}\w?\s+(?:{_NAME}\s+){{1,3}}(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|grove|close|way|terrace|crescent"
    r"|gardens|square|hill|mews)\b"
    r"|\b(?:apto|apt|apartamento|apartment|ap|dpto|depto|departamento|bloco|torre|piso|casa|cep|zip|c\.p\.|cp)\b\.?\s?"
    r"(?:n[º°o]\.?\s?)?\w*\d\w*",
    re.IGNORECASE | re.MULTILINE,
)
_LIVES = re.compile(
    r"\b(?P<said>(?:eu\s+)?(?:moro|resido|vivo|estou\s+morando|estoy\s+viviendo|i\s+live|we\s+live|moramos|vivimos)"
    r"\s+(?:em|no|na|nos|nas|en|in|at|on|near|perto\s+d[aeo]|cerca\s+de(?:l)?))\s+[^\n,;.!?]{1,60}",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?P<said>(?:me\s+chamo|(?:o\s+)?meu\s+nome\s+(?:completo\s+)?[ée]|me\s+llamo|mi\s+nombre\s+(?:completo\s+)?es"
    r"|my\s+(?:full\s+)?name\s+is|my\s+name['’]s|call\s+me|me\s+chamam\s+de|nome\s*:|nombre\s*:|name\s*:"
    r"|(?:nome|nombre)\s+(?:completo\s+)?(?:del[ae]s?|de\s+(?:ella|[ée]l)|d[aeo]\s+(?:minha|meu|mis?|su[as]?|seus?|nossa|nosso|nuestr[oa])"
    r"\b[^\n,;.!?:]{0,30}?)\s(?:[ée]|es)(?=\s)"
    r"|(?:her|his|their)\s+(?:full\s+)?name\s+is|name\s+of\s+(?:my|our|his|her|their)\s[^\n,;.!?:]{1,30}?\s+is(?=\s)"
    r"|(?:ela|ele|que|ella|[ée]l|filh[oa]|hij[oa]|amig[oa]|m[ãa]e|pai)\s+se\s+(?:chama|llama)"
    r"|(?:filh[oa]|hij[oa]|amig[oa]|espos[oa]|irm[ãa]o?|herman[oa]|m[ãa]e|pai|son|daughter|wife|husband|friend|brother|sister)"
    r",?\s+(?:chamad[oa]|llamad[oa]|called|named)"
    r"|(?:sou|aqui\s+(?:quem\s+fala\s+)?[ée]|quem\s+fala\s+[ée]|aqui\s+fala)\s+[oa](?!\s+(?:don[oa]|client|propriet|gerente|m[ãa]e|pai|filh|espos"
    r"|mulher|marido|noiv|namorad|vizinh|amig|compra|respons|respond|secret|s[óo]ci|titular|mesm|pessoa|que\b|[úu]nic|primeir))(?=\s)"
    r"|soy\s+(?:el|la)(?!\s+(?:due[ñn]|client|propiet|gerente|madre|mam[áa]|padre|pap[áa]|hij|espos|mujer|marido|novi|vecin|amig|compra"
    r"|encargad|secret|soci|titular|mism|persona|que\b|[úu]nic|primer))(?=\s))\s*)"
    r"[^\W\d_][\w'’-]*(?:[ \t]+(?!(?:e|y|and|i|quero|queria|quiero|gostaria|preciso|necesito|need|want"
    r"|tenho|tengo|have)\b)(?:d[aeo]s?\s+|del?\s+(?:la\s+)?)?[^\W\d_][\w'’-]*){0,3}",
    re.IGNORECASE,
)
_TITLED = re.compile(
    r"\b(?P<said>(?:aqui\s+[ée]|aqu[íi]\s+es|fala|sou|soy|i\s+am|i['’]m|this\s+is|falo\s+com|hablo\s+con|seu|sr|sra|srta|dr"
    r"|dra|dona?|don|do[ñn]a|mr|mrs|ms|miss|att|abra[çc]os?|saludos|regards|obrigad[oa]|gracias|thanks)\b[.,]?"
    r"(?:\s+(?:o|a|el|la|com|from))?\s+)"
    r"(?-i:[A-ZÀ-ÖØ-Þ][\w'’-]*(?:[ \t]+(?:d[aeo]s?\s+|del?\s+)?[A-ZÀ-ÖØ-Þ][\w'’-]*){0,3})",
    re.IGNORECASE,
)
_IN_CALLED = (
    "aqui", "call", "chama", "chamo", "fala", "llama", "llamo", "name", "nombre", "nome", "sou", "soy",
)  # fmt: skip
"""Each match of _CALLED has one of these letters in a row."""

_BEFORE_TITLED = frozenset(
    {
        "abraco", "abracos", "abraço", "abraços", "am", "aqui", "aquí", "att", "don", "dona", "doña", "dr", "dra",
        "fala", "falo", "gracias", "hablo", "m", "miss", "mr", "mrs", "ms", "obrigada", "obrigado", "regards",
        "saludos", "seu", "sou", "soy", "sr", "sra", "srta", "thanks", "this",
    }
)  # fmt: skip
"""Each match of _TITLED begins with one of these words, or with `i` before one."""

_SAINT = re.compile(r"\b(?:s[ãa]o|san|santa|santo|saint|st\.?)\s+$", re.IGNORECASE)
"""Before a name that is a place: São Paulo, San Juan."""

_PARTICLES = frozenset({"de", "da", "do", "dos", "das", "del", "la", "e", "y"})

_WORD = re.compile(r"\w+")
_AGAIN = re.compile(rf"{re.escape(MASK)}(?:[\s,./-]*{re.escape(MASK)})+")


def masked(text: str, names: Iterable[str] = ()) -> str:
    """The text without e-mails, links, numbers of phones, cards and documents, addresses, and the `names` of people."""
    text = _BLANKS.sub("  ", _LONG.sub(MASK, seen(readable(text)).replace(MASK, " ")))
    for whole in (_MAIL, _WEB, _SPELT, _BORN, _STREET):
        text = whole.sub(MASK, text)
    text = _BIRTH.sub(_said, text)
    for told in (_CALLED, _LIVES, _TITLED):
        text = told.sub(_said, text)
    text = _without_introduced(text)
    if any(map(str.isdigit, text)):
        text = _NUMBERS.sub(_number, _PLATE.sub(_said, _POSTCODE.sub(MASK, text)))
    return _AGAIN.sub(MASK, _without_common(_without(text, names))).strip()


def _said(found: re.Match[str]) -> str:
    """The words before, and the mask."""
    said = found["said"]
    is_ordinary_here = found.re is _CALLED and is_ordinary(_WORD.findall(found[0][len(said) :])[0])
    return found[0] if is_ordinary_here else f"{said.rstrip()} {MASK}" if said else MASK


def _without_introduced(text: str) -> str:
    pieces, at = [], 0
    for start, end in introduced(text):
        pieces += [text[at:start], MASK]
        at = end
    return "".join([*pieces, text[at:]])


def names_in(text: str) -> set[str]:
    """The names by which the person calls themselves or others in the text: the first word that is one, and those after
    it that are certainly part of it."""
    names = set[str]()
    text = _BLANKS.sub("  ", _LONG.sub(" ", seen(readable(text))))
    for told in _telling(text):
        for found in told.finditer(text):
            words = _WORD.findall(found[0][len(found["said"]) :])
            for place, word in enumerate(words):
                if place and not (word[0].isupper() or folded(word) in LAST):
                    break
                if len(word) >= SHORTEST and not is_ordinary(word):
                    names.add(word)
    for start, end in introduced(text):
        names.update(word for word in _WORD.findall(text[start:end]) if len(word) >= SHORTEST and not is_ordinary(word))
    return names


def _telling(text: str) -> Iterator[re.Pattern[str]]:
    """The patterns that may find a name in the text. They cost ten times as much as this look, and a page of drafts
    reads ten thousands of messages, most of which give no name."""
    plain = text.casefold()
    if any(word in plain for word in _IN_CALLED):
        yield _CALLED
    if not _BEFORE_TITLED.isdisjoint(_WORD.findall(plain)):
        yield _TITLED


def _without_common(text: str) -> str:
    """The text without common names of people, in any case, and the names after them."""
    pieces, at, is_named = [], 0, False
    for found in _WORD.finditer(text):
        word, before = found[0], text[at : found.start()]
        known = folded(word)
        follows = is_named and before.strip(" \t") == ""
        if (known in FIRST and not _SAINT.search(text, max(0, found.start() - 7), found.start())) or (
            follows and (known in LAST or (word[0].isupper() and not is_filler(known)))
        ):
            is_named, word = True, MASK
        elif not (follows and known in _PARTICLES):
            is_named = False
        pieces += [before, word]
        at = found.end()
    return "".join([*pieces, text[at:]])


def _number(found: re.Match[str]) -> str:
    digits = sum(letter.isdigit() for letter in found[0])
    if found["digits"] is not None:
        return found[0] if digits <= MOST_DIGITS else MASK
    return found[0] if digits <= MOST_OF_A_PRICE else MASK


def _without(text: str, names: Iterable[str]) -> str:
    """The text without the names, as a whole and word by word, whatever their case and accents."""
    words = set[str]()
    for name in map(seen, map(readable, names)):
        if len(whole := name.strip()) > 1:
            text = re.sub(re.escape(whole), MASK, text, flags=re.IGNORECASE)
        words.update(form for word in _WORD.findall(name) if len(form := folded(word)) > 1 and not is_filler(form))
    return _WORD.sub(lambda found: MASK if folded(found[0]) in words else found[0], text) if words else text
