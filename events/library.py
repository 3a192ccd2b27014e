"""The library: the files and places of an account that recado can send, by name.

An entry has a name within its account, whatever its letters' case. The bytes of its file lie in the object store
LIBRARY under their SHA-256: equal files are stored once, and never overwritten.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Protocol

import msgspec

from events.file_names import has_unseen, place_fault
from events.kept_fields import Fields, fields_of, keep
from events.parts import Label, Part
from events.phrases import Phrase

PREFIX = "LIBRARY/"
"""The beginning of a part's `object` whose bytes are in the library."""

LONGEST_NAME = 80
"""Characters of an entry's name."""

LARGEST = 100 * 1000**2
"""Bytes of a file: what WhatsApp takes as a document."""

LARGEST_ENTRY = 64 * 1024
"""Bytes of an entry as JSON."""

_LISTED = 20
_OBJECT = re.compile(r"LIBRARY/([0-9a-f]{64})")

_fields = msgspec.json.Decoder(Fields)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A file or a place that recado can send.

    - `name`: as it was written.
    - `part`: what is sent: a file by its `object`, or a location.
    - `size`: bytes of the file; 0 of a place.
    - `at`: the time at which it was added.
    - `by`: who added it.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    part: Part
    size: Annotated[int, msgspec.Meta(ge=0)] = 0
    at: datetime
    by: Label = ""


class Library(Protocol):
    """The entries of all accounts, and the bytes of their files. Every method may raise LogUnavailable."""

    async def entry(self, account: str, name: str) -> Entry | None:
        """The account's entry of this name, in any case of its letters; None if it has none."""

    async def entries(self, account: str) -> list[Entry]:
        """The account's entries, sorted by their names."""

    async def add(self, account: str, entry: Entry, content: bytes | None = None) -> Entry | None:
        """Write the entry, after the bytes of its file; returns the entry that it replaces.

        - `content`: the bytes of `entry.part.object`; None: a place, or bytes that are stored already.

        Raises ValueError (the name, the bytes or the entry's size), LogFull.
        """

    async def remove(self, account: str, name: str) -> bool:
        """Remove the entry and keep the bytes, which a reply may still need. Returns whether there was one."""

    async def keep(self, content: bytes) -> str:
        """Store bytes without a name; returns their `object`. Raises ValueError, LogFull."""

    async def content(self, object: str) -> bytes | None:  # noqa: A002 - the field's name
        """The bytes of a part's `LIBRARY/<sha256>`; None if they are not there, or no longer whole."""


def object_of(content: bytes) -> str:
    """The `object` of these bytes."""
    return f"{PREFIX}{sha256(content).hexdigest()}"


def digest_in(object_: str) -> str | None:
    """The SHA-256 of a library's object; None if `object_` is none."""
    match = _OBJECT.fullmatch(object_)
    return match[1] if match else None


def folded(name: str) -> str:
    """The form of a name that is equal for all names that are the same to a reader."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def name_fault(name: str) -> Phrase | None:
    """The reason for which an entry cannot have this name; None if it can."""
    if not folded(name) or name != name.strip():
        return Phrase("a name of the library is not blank, and has no blanks at its ends")
    if len(name) > LONGEST_NAME:
        return Phrase(
            "a name of the library has at most %(longest_name)s characters, and this one has %(number)s",
            longest_name=LONGEST_NAME,
            number=len(name),
        )
    if "/" in name or "\\" in name:
        return Phrase("a name of the library has no slashes: give the name alone")
    if has_unseen(name):
        return Phrase("a name of the library has no signs that cannot be seen")
    return None


def new_name_fault(name: str) -> Phrase | None:
    """The reason for which an entry that is added cannot have this name; None if it can."""
    return name_fault(name) or place_fault(name)


def encoded(entry: Entry, content: bytes | None) -> bytes:
    """The entry as it is stored with these bytes. ValueError says why it cannot be."""
    if (fault := new_name_fault(entry.name)) is not None:
        raise ValueError(fault)
    check(content)
    if content is not None and entry.part.object != object_of(content):
        raise ValueError("the object of the entry is that of other bytes")
    return _bounded(msgspec.json.encode(entry))


def _bounded(body: bytes) -> bytes:
    if len(body) > LARGEST_ENTRY:
        raise ValueError(f"an entry of the library has at most {LARGEST_ENTRY:,} bytes, and this one has {len(body):,}")
    return body


def following(entry: Entry, content: bytes | None, before: bytes) -> bytes:
    """`encoded`, for an entry that takes the place of the one in `before`: it keeps the fields that only a newer
    release knows. ValueError also if a release wrote `before` that this one cannot read."""
    body, there = encoded(entry, content), fields_of(before, Entry)
    if there is None:
        return body
    try:
        part = msgspec.json.decode(before, type=Entry).part
    except ValueError as fault:
        raise ValueError(
            f"the entry of this name cannot be read by this release ({fault}): update recado, or remove it first"
        ) from fault
    record = _fields.decode(body)
    keep(record, there, Entry)
    if part.kind == entry.part.kind:
        inner = _fields.decode(record["part"])
        keep(inner, _fields.decode(there["part"]), Part)
        record["part"] = msgspec.Raw(msgspec.json.encode(inner))
    return _bounded(msgspec.json.encode(record))


def check(content: bytes | None) -> None:
    """ValueError if these bytes are no file for the library."""
    if content is not None and not 0 < len(content) <= LARGEST:
        raise ValueError(f"a file of the library has 1 to {LARGEST:,} bytes, and this one has {len(content):,}")


def by_name(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: folded(entry.name))


def listed(entries: Sequence[Entry], kinds: Container[str] | None = None) -> str:
    """The names of the entries as a sentence, for an answer to a wrong one; of those kinds alone."""
    names = [entry.name for entry in entries if kinds is None or entry.part.kind in kinds]
    if not names:
        return "There is none yet: recado files add"
    more = f", and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return f"There are: {', '.join(names[:_LISTED])}{more}"
