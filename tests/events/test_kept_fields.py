"""Fields that only a newer release knows stay in a record, whatever this release writes in its place."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.knowledge import Document, KnowledgeUnreadable, Pair, Place, encoded
from events.library import Entry, following
from events.library import encoded as encoded_entry
from events.memory_users import MemoryUsers
from events.next_version import next_version
from events.parts import Part
from events.profile import Profile
from events.profile import decoded as profile_in
from events.profile import encoded as encoded_profile
from events.profile_log import Stored
from events.users import StoredUser
from events.users import encoded as encoded_user
from recado.profiles.changes import Author, assigned, changed

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
PLACE = Place("shop", "faq")
_NAMES = {
    field.encode_name
    for shape in (Document, Pair, Entry, Part, StoredUser, Profile)
    for field in msgspec.structs.fields(shape)
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
NEWER = st.dictionaries(
    st.text("abcdefgé _-", min_size=1, max_size=9).filter(lambda name: name not in _NAMES),
    VALUES,
    min_size=1,
    max_size=3,
)
QUESTIONS = st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=5, unique=True)


def with_newer(body: bytes, newer: dict[str, Any]) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(body, type=dict[str, Any]) | newer)


def fields(body: bytes) -> dict[str, bytes]:
    return {name: bytes(value) for name, value in msgspec.json.decode(body, type=dict[str, msgspec.Raw]).items()}


def holds(body: bytes, newer: dict[str, Any]) -> bool:
    return fields(body).items() >= {name: msgspec.json.encode(value) for name, value in newer.items()}.items()


def pairs(body: bytes) -> list[bytes]:
    return [bytes(one) for one in msgspec.json.decode(fields(body)["faq"], type=list[msgspec.Raw])]


@given(NEWER, QUESTIONS, QUESTIONS, st.data())
def test_a_document_of_questions(newer: dict[str, Any], old: list[str], new: list[str], data: st.DataObject) -> None:
    """Its own fields stay, and those of each question that stays, in any order, with any answer."""
    before = encoded(PLACE, Document(name="faq", faq=tuple(Pair(q, "1") for q in old)))
    of = {q: data.draw(NEWER) for q in old}
    newer_pairs = [msgspec.Raw(with_newer(one, of[q])) for one, q in zip(pairs(before), old, strict=True)]
    body = next_version(
        PLACE,
        Document(name="faq", faq=tuple(Pair(f" {q.upper()}", "2") for q in new)),
        with_newer(before, {**newer, "faq": newer_pairs}),
    )
    assert holds(body, newer)
    assert all(holds(one, of.get(q, {})) for one, q in zip(pairs(body), new, strict=True))


def test_a_question_in_other_words_is_the_one_that_stood_there() -> None:
    before = b'{"name":"faq","faq":[{"q":"Open?","a":"1"},{"q":"Where?","a":"1","topic":"place"}]}'
    body = next_version(PLACE, Document(name="faq", faq=(Pair("Open?", "1"), Pair("Where are you?", "1"))), before)
    assert [fields(one).get("topic") for one in pairs(body)] == [None, b'"place"']


@given(NEWER)
def test_a_document_of_a_file(newer: dict[str, Any]) -> None:
    """Its newer bytes have its fields; after its removal a document begins without any."""
    old = Document(name="faq", sha256="ab" * 32, object=f"LIBRARY/{'ab' * 32}", mime="text/plain")
    new = msgspec.structs.replace(old, sha256="cd" * 32, object=f"LIBRARY/{'cd' * 32}")
    before = with_newer(encoded(PLACE, old), newer)
    assert holds(next_version(PLACE, new, before), newer)
    ended = Document(name="faq", removed=True)
    assert next_version(PLACE, ended, before) == encoded(PLACE, ended)
    assert next_version(PLACE, new, with_newer(before, {"removed": True})) == encoded(PLACE, new)


def test_a_version_that_only_a_newer_release_reads_is_not_replaced() -> None:
    newer = b'{"name":"faq","faq":[{"q":"Open?","a":{"pt":"Sim","en":"Yes"}}]}'
    with pytest.raises(KnowledgeUnreadable, match="update recado, or remove the document"):
        next_version(PLACE, Document(name="faq", faq=(Pair("Open?", "Yes"),)), newer)
    assert next_version(PLACE, Document(name="faq", removed=True), newer)


@given(NEWER, NEWER, st.sampled_from(["image", "document"]))
def test_an_entry_of_the_library(newer: dict[str, Any], inner: dict[str, Any], kind: str) -> None:
    """Those of its part stay while it is of the same kind."""
    old = Entry(name="Menu", part=Part(kind="image", object=f"LIBRARY/{'ab' * 32}"), at=AT)
    new = Entry(name="menu", part=Part(kind=kind, object=f"LIBRARY/{'cd' * 32}"), at=AT)
    before = encoded_entry(old, None)
    part = msgspec.Raw(with_newer(fields(before)["part"], inner))
    body = following(new, None, with_newer(before, {**newer, "part": part}))
    assert holds(body, newer)
    assert holds(fields(body)["part"], inner) == (kind == "image")


@given(NEWER)
def test_a_user(newer: dict[str, Any]) -> None:
    ana = StoredUser(name="ana", role="agent", logins="0" * 16, at=AT, by="me")

    async def change() -> bytes:
        book = MemoryUsers()
        await book.store("ana", with_newer(encoded_user(ana), newer))
        stored = await book.look()
        await book.write(msgspec.structs.replace(stored.users["ana"], role="viewer"), expected=stored.seq)
        return book._kept["ana"]

    assert holds(asyncio.run(change()), newer)


@given(NEWER, NEWER)
def test_a_profile(newer: dict[str, Any], settings: dict[str, Any]) -> None:
    """Whatever is changed of it: its entries, by way of another profile too, or a setting."""
    author = Author("me", AT)
    before = profile_in(
        with_newer(
            encoded_profile(Profile(name="shop", n=1, at=AT, accounts=("551",), settings=_settings(settings))), newer
        )
    )
    stored = Stored(2, {"shop": before, "bar": Profile(name="bar", n=1, at=AT)})
    made = [one.after for one in assigned(stored, "bar", "accounts", "551", author)]
    set_ = changed(stored, msgspec.structs.replace(before, settings={**before.settings, "a": 1}), author)
    assert set_ is not None
    for one in [one for one in [*made, set_.after] if one.name == "shop"]:
        body = encoded_profile(one)
        assert holds(body, newer)
        assert holds(fields(body)["settings"], {**_settings(settings), **({"a": 1} if one is set_.after else {})})


def _settings(newer: dict[str, Any]) -> dict[str, Any]:
    return {f"newer_{number}": value for number, value in enumerate(newer.values())}
