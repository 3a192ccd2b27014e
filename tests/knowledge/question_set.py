"""The questions and the documents of `tests/knowledge`, read without recado's own reading."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from docx import Document
from docx.table import Table
from lxml import html
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

FOLDER = Path(__file__).parent
DOCUMENTS = FOLDER / "documents"

Kind = Literal["same_words", "no_shared_content_word", "other_language", "no_answer"]
KINDS: tuple[Kind, ...] = ("same_words", "no_shared_content_word", "other_language", "no_answer")
Use = Literal["tune", "unseen"]
USES: tuple[Use, ...] = ("tune", "unseen")


@dataclass(frozen=True, slots=True)
class Asked:
    id: str
    language: str
    """Of the question: pt, es or en."""
    question: str
    document: str
    """The file that answers; empty where none does."""
    contains: str
    """Words of the right passage, once in its document."""
    kind: Kind
    use: Use


@dataclass(frozen=True, slots=True)
class Passage:
    heading: str
    columns: str
    """The first row of the table; empty outside a table."""
    text: str

    @property
    def whole(self) -> str:
        return f"{self.heading}\n{self.columns}\n{self.text}"


LANGUAGE_OF = {
    "academia": "pt",
    "clinica": "pt",
    "ferragem": "pt",
    "padaria": "pt",
    "pousada": "pt",
    "escuela": "es",
    "gimnasio": "es",
    "hostal": "es",
    "hotel": "es",
    "restaurante": "es",
    "taller": "es",
    "corner": "en",
    "green": "en",
    "harbour": "en",
    "quayside": "en",
    "spoke": "en",
}
"""By the first word of a file's name."""


def language_of(document: str) -> str:
    return LANGUAGE_OF[document.partition("-")[0]]


def business_of(document: str) -> str:
    """The business whose document it is: two words of the file's name."""
    return "-".join(document.partition(".")[0].split("-")[:2])


BUSINESSES = tuple(sorted({business_of(path.name) for path in DOCUMENTS.iterdir()}))


@cache
def questions() -> tuple[Asked, ...]:
    with (FOLDER / "questions.csv").open(newline="") as file:
        return tuple(Asked(**row) for row in csv.DictReader(file))


@dataclass(frozen=True, slots=True)
class Written:
    """What a model asks `look_up` for a question: its phrasings.

    - `all`: where the documents are those of all businesses.
    - `one`: where they are those of the one that is meant; empty: none is meant.
    """

    all: tuple[str, ...]
    one: tuple[str, ...]


@cache
def queries() -> dict[str, Written]:
    """By the id of the question."""
    with (FOLDER / "queries.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["id"]: Written(_split(row["all"]), _split(row["one"])) for row in rows}


def _split(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, cell.split(" | ")))


@dataclass(frozen=True, slots=True)
class Judged:
    """A reader's word on a passage that was found where the right one was not.

    - `contains`: words of the passage.
    """

    id: str
    document: str
    contains: str
    answers: Literal["yes", "no"]


@cache
def judgments() -> tuple[Judged, ...]:
    with (FOLDER / "judgments.csv").open(newline="") as file:
        return tuple(Judged(**row) for row in csv.DictReader(file))


@cache
def passages(name: str) -> tuple[Passage, ...]:
    """The paragraphs and the rows of a document."""
    found, heading, columns = [], "", ""
    for kind, text in _lines(DOCUMENTS / name):
        if kind == "heading":
            heading, columns = text, ""
        elif kind == "row":
            columns = columns or text
            found.append(Passage(heading, columns, text))
        else:
            columns = ""
            found.append(Passage(heading, "", text))
    return tuple(found)


Lines = list[tuple[Literal["heading", "row", "paragraph"], str]]


def _lines(path: Path) -> Lines:
    return {
        ".md": _markdown,
        ".csv": _csv,
        ".xlsx": _spreadsheet,
        ".docx": _word,
        ".html": _html,
        ".txt": _plain,
        ".pdf": _pdf,
    }[path.suffix](path)


def _markdown(path: Path) -> Lines:
    lines: Lines = []
    for line in path.read_text().splitlines():
        if line.startswith("#"):
            lines.append(("heading", line.lstrip("# ")))
        elif line.startswith("|") and not line.startswith("|---"):
            lines.append(("row", line))
        elif line and not line.startswith("|"):
            lines.append(("paragraph", line))
    return lines


def _csv(path: Path) -> Lines:
    with path.open(newline="") as file:
        return [("row", " | ".join(row)) for row in csv.reader(file)]


def _spreadsheet(path: Path) -> Lines:
    lines: Lines = []
    book = CalamineWorkbook.from_path(path)
    for name in book.sheet_names:
        lines.append(("heading", name))
        lines += [("row", " | ".join(map(str, row))) for row in book.get_sheet_by_name(name).to_python()]
    return lines


def _word(path: Path) -> Lines:
    lines: Lines = []
    for part in Document(str(path)).iter_inner_content():
        if isinstance(part, Table):
            lines += [("row", " | ".join(cell.text for cell in row.cells)) for row in part.rows]
        else:
            heading = part.style is not None and str(part.style.name).startswith("Heading")
            lines.append(("heading" if heading else "paragraph", part.text))
    return lines


def _html(path: Path) -> Lines:
    lines: Lines = []
    for element in html.fromstring(path.read_bytes()).iter("h1", "h2", "p", "tr"):
        if element.tag == "tr":
            lines.append(("row", " | ".join(cell.text_content() for cell in element)))
        else:
            lines.append(("paragraph" if element.tag == "p" else "heading", element.text_content()))
    return lines


def _plain(path: Path) -> Lines:
    return _with_headings_in_capitals(path.read_text())


def _pdf(path: Path) -> Lines:
    return _with_headings_in_capitals("\n".join(page.extract_text() for page in PdfReader(path).pages))


def _with_headings_in_capitals(text: str) -> Lines:
    lines: Lines = []
    for line in filter(None, text.splitlines()):
        if line == line.upper():
            lines.append(("heading", line))
        elif "; " in line and line.count(";") > 3:
            lines.append(("row", line))
        elif lines and lines[-1][0] == "paragraph":
            lines[-1] = ("paragraph", f"{lines[-1][1]} {line}")
        else:
            lines.append(("paragraph", line))
    return lines


FUNCTION_WORDS = """
ai alguem algo alguma ali ao aos apos ate bom boa com como cada da das de dela dele deles depois dia do dos
ela elas ele eles em entre era essa esse esta estar eu fica fico foi for ha isso ja la lhe mais mas me meu meus
mim minha muita muito na nao nas nem no nos nossa nosso num numa oi ola os ou para pela pelo pode podem poder
posso por porque pra pro qual quais quando quanto quantos que quem quer queria se sem ser seu seus so sobre sou
sua tem tenho ter teu tudo um uma umas uns vai vcs vir voce voces vou tao
al algo alguien alli ante antes aqui asi aun bien cada cual cuando cuanto cuantos del desde donde dos el ella
ellas ellos en es eso esta estan estas este esto hace hacer hacen han has hasta hay hola las le les lo los mas mi
mis mucho muy nada nosotros nos otra otro para pero podemos podeis podra por porque puede puedo pues que quien
quiero saber sea ser si sin sobre solo son soy su sus tal tambien tan teneis tener tengo ti tiene tienen todo tu
un una unas unos usted va van ver voy ya yo
a about after all also am an and any anything are as at be been before but by can cannot cant come could did do
does dont each else every for from get give go got had has have he her him his how i if im in into is it its just
like many may me more most much must my no not of off on one only or our out over please she should so some
somebody someone something than that the their them then there these they this those to too two up us very was we
were what when where which while who why will with would you your yours u
"""
"""Of Portuguese, Spanish and English, without accents."""


def folded(text: str) -> str:
    """Without accents and capitals."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def words_of(text: str) -> list[str]:
    """Words of two letters or more, without figures."""
    return re.findall(r"[^\W\d_]{2,}", text)


def content_words(text: str) -> set[str]:
    return set(words_of(folded(text))) - set(FUNCTION_WORDS.split())


def shared(one: str, other: str) -> set[str]:
    """The content words of `one` that are in `other`: equal, or with the same first five letters."""
    begun = {word[:5] for word in content_words(other)}
    return {word for word in content_words(one) if word[:5] in begun}
