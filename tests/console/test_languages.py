"""The languages of the desk: which one a page is in, and that its words are all in the catalogs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.requests import Request

from console.languages import LANGUAGES, Language, Translate, translate_of
from events.decisions import DECISIONS
from events.phrases import Counted, Phrase, Together
from projections.story.step import lasting
from recado.printing import json_text
from tests.catalogs import CONSOLE, catalog_of, messages, phrased
from tests.console.bare_words import bare_words

TEMPLATES = sorted((CONSOLE / "templates").glob("*.html"))
UNWORDED = {"languages.py", "read_back.py"}
"""The code that says the words of the others."""

VALUE = re.compile(r"%\((\w+)\)s")


def request(language: str = "", cookie: str = "") -> Request:
    headers = [(b"accept-language", language.encode("latin-1")), (b"cookie", cookie.encode("latin-1"))]
    return Request({"type": "http", "path": "/desk", "headers": headers})


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("", "en"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
        ("pt", "pt-BR"),
        ("PT-pt", "pt-BR"),
        ("es-MX", "es"),
        ("es-419,es;q=0.9", "es"),
        ("de,fr;q=0.9", "en"),
        ("zz", "en"),
        ("zz,es-419;q=0.2", "es"),
        ("pt-PT;q=0.8,en;q=0.7", "pt-BR"),
        ("es-419;q=0.001,en;q=0", "es"),
        ("de,es;q=0.4,en;q=0.3", "es"),
        ("en;q=0.3,es;q=0.4", "es"),
        ("es;q=0,pt;q=0.1", "pt-BR"),
        ("es;q=0", "en"),
        ("en-US,pt;q=0.9", "en"),
        ("*", "en"),
        ("es;q=nan", "en"),
        ("es;q=2", "en"),
        ("es;q=1e9", "en"),
        ("español", "en"),
        ("est", "en"),
        ("es;;q=1", "en"),
        (",,, es ,", "es"),
        ("es;q= 0.5 , pt ;q=0.6", "pt-BR"),
        ("de," * 500 + "es", "en"),
        ("e" * 5000, "en"),
        ("es-" + "a-" * 5000, "en"),
    ],
)
def test_a_page_is_in_the_language_that_the_browser_wants_most(asked: str, spoken: str) -> None:
    assert translate_of(request(asked)).language.tag == spoken


@pytest.mark.parametrize(
    ("cookie", "spoken"), [("es", "es"), ("pt-BR", "pt-BR"), ("en", "en"), ("xx", "pt-BR"), ("", "pt-BR")]
)
def test_the_choice_of_a_person_counts_before_their_browser(cookie: str, spoken: str) -> None:
    assert translate_of(request("pt-BR", f"language={cookie}")).language.tag == spoken


def test_numbers_are_written_as_in_the_language() -> None:
    written = {language.tag: Translate(language).count(1_234_567) for language in LANGUAGES}
    assert written == {"en": "1,234,567", "pt-BR": "1.234.567", "es": "1\u202f234\u202f567"}
    assert Translate(LANGUAGES[1]).decimal("1,234.5") == "1.234,5"


PLURALS = [one.id for one in messages(catalog_of("es")) if isinstance(one.id, tuple | list)]


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda one: one.tag)
def test_each_plural_says_its_number(language: Language) -> None:
    """As the language writes it; only of one thing it may be in words."""
    translate = Translate(language)
    for one, many in PLURALS:
        forms_ = [translate.form(one, many, num) for num in (0, 2, 5, 11, 1_000_000)]
        assert all("%(num)s" in form for form in forms_), forms_
        values = dict.fromkeys({*VALUE.findall(many)} - {"num"}, "x")
        for num in (0, 1, 2, 5, 11, 1_000_000):
            said = translate.ngettext(one, many, num, **values)
            assert "%(" not in said
            assert num == 1 or translate.count(num) in said


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda one: one.tag)
def test_a_phrase_is_said_with_its_values(language: Language) -> None:
    """Its numbers are written as in the language, its phrases are said in it, and a person's words stay."""
    translate, name = Translate(language), "%(name)s {0} <b>"
    phrase = Phrase("after %(time)s (%(part)s of it in tools)", time=lasting(timedelta(seconds=2.5)), part=name)
    assert translate.say(phrase).startswith(
        {"en": "after 2.5 s (", "pt-BR": "depois de 2,5 s (", "es": "después de 2,5 s ("}[language.tag] + name
    )
    assert translate.say(Together([name, Phrase("a link"), ""], "; ")).startswith(f"{name}; ")
    assert translate.say(Counted("%(num)s reply", "%(num)s replies", 1_000)).startswith(translate.count(1_000))
    assert translate.say(ValueError(Phrase("a link"))) == translate("a link")
    assert translate.say(name) == name


def test_a_phrase_is_a_text_in_english() -> None:
    phrase = Phrase("%(read)s tokens in and %(written)s out", read=1_234, written=5)
    assert phrase == "1,234 tokens in and 5 out"
    assert json_text({"what": phrase}) == '{"what":"1,234 tokens in and 5 out"}'


def test_the_head_of_a_catalog_is_no_translation() -> None:
    for language in LANGUAGES:
        assert Translate(language).gettext("") == ""
        assert "" not in Translate(language).all()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_word_of_a_template_is_marked_to_be_translated(path: Path) -> None:
    assert list(bare_words(path.read_text())) == []


def test_a_word_that_is_not_marked_is_found() -> None:
    """The test above sees words in text, in attributes, in expressions and in lists of names."""
    for bad in (
        "<p>Hello</p>",
        "<p>{{ name }}, hello</p>",
        '<img alt="A cat">',
        '<p>{{ "Yes" if one else "No" }}</p>',
        '<input placeholder="{% if one %}Words{% endif %}">',
        '{% for a, b in (("x", "Chats"),) %}<p>{{ b }}</p>{% endfor %}',
        '{% set name = "New ones" %}',
        '<p>{{ {"a": "it is so"}[one] }}</p>',
        "<p>{{ _(one) }}</p>",
        "<p>{{ _(one ~ 'x') }}</p>",
    ):
        assert list(bare_words(bad)), bad
    for good in (
        '<p class="who">{{ _("Hello") }} {{ one | time }}</p>',
        '<p class="{{ "good" if one else "bad" }}">{{ draft.get("text", "") }} – 1</p>',
        "<p>{% trans %}Hello <b>you</b>{% endtrans %}</p>",
        '<p>{{ one == "other" }} {{ ngettext("%(num)s chat", "%(num)s chats", n) }}</p>',
        '<a href="/desk/{{ "one" if one else "two" }}" data-x="words">x1</a>'.replace("x1", "1"),
    ):
        assert list(bare_words(good)) == [], good


def test_every_reason_that_code_gives_is_marked_to_be_translated() -> None:
    """An exception's words are constant, with the names of their values: a sentence with values in it is in no
    catalog."""
    calls = (
        (path.name, node)
        for path in CONSOLE.rglob("*.py")
        if path.name not in UNWORDED
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    )
    said = ((f"{name}:{node.lineno}", _worded(node)) for name, node in calls)
    found = [where for where, one in said if one is not None and not _is_constant(one)]
    assert found == []


def _worded(call: ast.Call) -> ast.expr | None:
    """The words of a call that says them to a person; None: it says nothing."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name in {"_", "_t"} and call.args:
        return call.args[0]
    if name in {"NotTaken", "Problem", "Unfit"} and len(call.args) > 1:
        return call.args[1]
    return None


def _is_constant(words: ast.expr) -> bool:
    """Whether the words are in a catalog, or are those of another exception."""
    if isinstance(words, ast.Call) and isinstance(words.func, ast.Name) and words.func.id == "unstored":
        return isinstance(words.args[1], ast.Name) and words.args[1].id.startswith("NOT_")  # marked beside it
    return isinstance(words, ast.Constant) or (isinstance(words, ast.Attribute) and words.attr == "text")


def test_the_desk_says_no_exception_in_english() -> None:
    """The text of an exception is English: only the log gets it so; a page gets what `Translate.say` makes of it."""
    found = [
        f"{path.name}:{call.lineno}"
        for path in CONSOLE.rglob("*.py")
        if path.name not in UNWORDED
        for handler in ast.walk(ast.parse(path.read_text()))
        if isinstance(handler, ast.ExceptHandler) and handler.name
        for call in _for_people(handler)
        if isinstance(call, ast.Call) and ast.unparse(call) == f"str({handler.name})"
    ]
    assert found == []


def _for_people(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a statement but those of calls that log, or raise an exception for code."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and ast.unparse(child.func).startswith("log."):
            continue
        if isinstance(child, ast.Raise):
            continue
        yield child
        yield from _for_people(child)


def test_every_phrase_of_code_is_in_the_catalogs() -> None:
    """Its words are constant; of a table they are looked up by a name."""
    found = [
        f"{path.name}:{node.lineno}"
        for path in phrased()
        if path.name not in UNWORDED
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Phrase", "Counted"}
        if not isinstance(node.args[0], ast.Constant | ast.Subscript | ast.Call | ast.Attribute)
    ]
    assert found == []


def test_the_phones_have_words_for_every_decision() -> None:
    script = (CONSOLE / "static" / "event_words.js").read_text()
    assert [name for name in DECISIONS if f"\n  {name}: (" not in script] == []
