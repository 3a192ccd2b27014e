"""Details of faults that were stored as text are phrases again where a page shows them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.details import Detail
from events.phrases import Phrase, Together
from events.read_back import DECODER, read_back

ROOT = Path(__file__).parents[2]
VALUE = re.compile(r"%\((\w+)\)s")
WRITERS = {
    "AttemptFailed": 1,
    "CannotBeRead": 1,
    "NotToBeHad": 1,
    "ReplyFailed": 1,
    "RunLost": 1,
    "_fault": 1,
    "_in_words": 2,
    "_nothing": 1,
}
"""Functions that take a detail, and its place among their arguments."""


@pytest.mark.parametrize("detail", Detail, ids=lambda one: one.name)
@pytest.mark.parametrize("value", ["ψ", 5, 1_234_567, "ψ, ω (ψ)"])
def test_a_detail_is_read_back(detail: Detail, value: object) -> None:
    names = VALUE.findall(detail)
    said = detail.said(**dict.fromkeys(names, value))
    again = read_back(said)
    assert (again, again.text) == (said, detail.value)
    assert {name: again.values[name] for name in names} == dict.fromkeys(names, value)


@given(st.text(max_size=300))
def test_any_text_is_read_back_as_it_is_in_english(text: str) -> None:
    assert read_back(text) == text


@pytest.mark.parametrize("text", ["", "The model does not exist", "ψ" * 5_000, "it is empty\n"])
def test_the_words_of_a_stranger_stay(text: str) -> None:
    assert isinstance(read_back(text), Together)


def test_a_detail_in_a_detail_is_read_back() -> None:
    inner = Detail.NO_ANSWER.said(seconds="2.5")
    again = read_back(Detail.NO_ANSWER_YET.said(status="queued", fault=inner))
    fault = again.values["fault"]
    assert isinstance(fault, Phrase)
    assert (fault.text, fault.values) == (Detail.NO_ANSWER.value, {"seconds": 2.5})


class Shape(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=3, pattern="^a")]
    kind: Literal["one"] = "one"
    number: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    many: tuple[int, ...] = ()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"{}", b"[]", b"nope", b"{} x", b'{"name":1}', b'{"name":""}', b'{"name":"aaaa"}', b'{"name":"b"}',
        b'{"name":"a","kind":"two"}', b'{"name":"a","number":0}', b'{"name":"a","number":99}', b'{"name":"a","at":"x"}',
        b'{"name":"a","at":"2026-01-01T00:00:00"}', b'{"name":"a","many":[1,"x"]}', b'{"name":"a","new":1}', b'{1:2}',
        b'{"name" "a"}', b'{"name":"a" 1}', b'{"name":"a","number":1e99}', b'{"name":"a","number":-}',
        b'{"name":"\xff"}',
        b'{"name":"a","many":[1 2]}', b'{"name":"a",}', b'{"name":"a","many":[1,]}', b'{"name":"\\x"}',
        b'{"name":"\\ud800"}',
    ],
)  # fmt: skip
def test_the_words_of_the_decoder_are_read_back(body: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)) as refused:
        msgspec.json.decode(body, type=Shape)
    again = read_back(str(refused.value))
    assert bare(again) == set()
    assert "`" not in "".join(map(str, _values(again)))


def _values(words: object) -> Iterator[object]:
    """The values of a phrase that are no phrases with values of their own."""
    if isinstance(words, Phrase) and words.values:
        for one in words.values.values():
            yield from _values(one)
    else:
        yield words


def bare(words: object) -> set[str]:
    """The values of a phrase that are words of no catalog, without those of a program: types, names and patterns."""
    match words:
        case Together():
            return set(words.parts)
        case Phrase():
            program = {"wanted", "given", "type", "sign", "bound", "pattern", "value", "field", "place", "byte"}
            return set().union(*(bare(one) for name, one in words.values.items() if name not in program))
    return set()


def test_every_detail_that_code_stores_can_be_read_back() -> None:
    """A detail is one of the table, or the words of a server or a library: none is written where the fault is."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("actors", "backends", "chat", "gateways", "recado")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "sample_events.py"  # its faults are a server's
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and any(map(_has_words, _details_of(node)))
    ]
    assert found == []


def test_each_template_is_there_once() -> None:
    templates = [*(one.value for one in Detail), *DECODER]
    assert len(templates) == len(set(templates))


def _details_of(call: ast.Call) -> Iterator[ast.expr]:
    """The details among a call's arguments."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    place = WRITERS.get(name)
    if place is not None and len(call.args) > place:
        yield call.args[place]
    yield from (one.value for one in call.keywords if one.arg == "detail" and name in {"ReceiptError", "TurnError"})


def _has_words(detail: Any) -> bool:
    """Whether the detail is written as a text with words of its own."""
    parts = detail.values if isinstance(detail, ast.JoinedStr) else [detail]
    texts = (one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str))
    return any(re.search("[a-z]{2,}", one) for one in texts)
