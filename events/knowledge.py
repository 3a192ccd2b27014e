"""The business's own documents, from which chats are answered: what one is, and its subject.

The stream KNOWLEDGE keeps every version of every document under `kb.<collection>.<document>`. Their bytes lie in the
object store LIBRARY.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec

from events.inbound import Time
from events.phrases import Phrase
from events.subjects import token, untoken

LARGEST = 512 * 1024
"""Bytes of one version, as JSON."""

MOST_PAIRS = 2_000
"""Questions of one document."""

COLLECTION = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

_ONE_LINE = r"\A[^\x00-\x1f\x7f-\x9f]*\Z"
Collection = Annotated[str, msgspec.Meta(pattern=f"^{COLLECTION.pattern}\\Z", max_length=64)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=_ONE_LINE)]
Line = Annotated[str, msgspec.Meta(max_length=2048, pattern=_ONE_LINE)]
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Object = Annotated[str, msgspec.Meta(pattern=r"^LIBRARY/[0-9a-f]{64}\Z")]


class KnowledgeUnreadable(ValueError):
    """The bytes are no document that this release can read."""


class Pair(msgspec.Struct, frozen=True):
    """A question and its answer.

    - `q`: the question, as a person would ask it.
    - `a`: the answer.
    """

    q: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
    a: Annotated[str, msgspec.Meta(min_length=1, max_length=4_096)]


class Place(msgspec.Struct, frozen=True, order=True):
    """Where a document is: its collection, and its name there."""

    collection: Collection
    name: Name

    @property
    def subject(self) -> str:
        return f"kb.{token(self.collection)}.{token(self.name)}"

    def __str__(self) -> str:
        return f"{self.collection}/{self.name}"


class Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version of a document.

    - `name`: its name in the collection, as `prices/2026.pdf`.
    - `source`: where it came from: a path or an address.
    - `sha256`: of its bytes.
    - `object`: its bytes, as `LIBRARY/<sha256>`.
    - `mime`: the type of its bytes.
    - `text`: its text as Markdown, as `LIBRARY/<sha256>`; absent: each instance reads the bytes itself.
    - `unseen`: how many words of it are not in the text, because nobody sees them in the document.
    - `faq`: questions with their answers; then there are no bytes.
    - `removed`: this version ended the document.
    - `at`, `by`: when this version was added, and by whom.
    """

    name: Name
    source: Line = ""
    sha256: Digest | None = None
    object: Object | None = None
    mime: Annotated[str, msgspec.Meta(max_length=255)] = ""
    text: Object | None = None
    unseen: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0
    faq: Annotated[tuple[Pair, ...], msgspec.Meta(max_length=MOST_PAIRS)] = ()
    removed: bool = False
    at: Time | None = None
    by: Annotated[str, msgspec.Meta(max_length=200, pattern=_ONE_LINE)] = ""


class Version(msgspec.Struct, frozen=True):
    """A version of a document in the stream.

    - `seq`: its sequence there, which names this version for good.
    """

    place: Place
    seq: int
    document: Document


class Unread(msgspec.Struct, frozen=True):
    """A stored version that this release cannot read; the one before it stays in force.

    - `subject`: the subject under which it is stored.
    """

    subject: str
    seq: int
    reason: str


def encoded(place: Place, document: Document) -> bytes:
    """The version as JSON. Raises KnowledgeUnreadable if it breaks a bound, or cannot be read again at its place."""
    if untoken(token(place.name)) != place.name:
        raise KnowledgeUnreadable(Phrase("its name cannot be stored: give a shorter one"))
    body = msgspec.json.encode(document)
    if isinstance(found := read(place.subject, 0, body), Unread):
        raise KnowledgeUnreadable(found.reason)
    return body


def read(subject: str, seq: int, body: bytes) -> Version | Unread:
    """The version that is stored at `seq`."""
    try:
        place = _place(subject)
        document = _decoded(body, place.name)
    except KnowledgeUnreadable as fault:
        return Unread(subject, seq, str(fault))
    if document.name != place.name:
        return Unread(subject, seq, "the document bears another name than its subject")
    return Version(place, seq, document)


def _place(subject: str) -> Place:
    tokens = subject.split(".")
    if len(tokens) != 3:
        raise KnowledgeUnreadable(Phrase("its subject has not three tokens"))
    try:
        return msgspec.convert({"collection": untoken(tokens[1]), "name": untoken(tokens[2])}, Place)
    except msgspec.ValidationError as fault:
        raise KnowledgeUnreadable(str(fault)) from fault


def _decoded(body: bytes, name: str | None = None) -> Document:
    if len(body) > LARGEST:
        raise KnowledgeUnreadable(
            Phrase(
                "it has %(number)s bytes; a document's version has at most %(largest)s",
                number=len(body),
                largest=LARGEST,
            )
        )
    try:
        raw = msgspec.json.decode(body, type=dict[str, Any])
        if raw.get("removed") is True and name is not None:  # nothing else is needed to end a document
            raw.setdefault("name", name)
        document = msgspec.convert(raw, Document)
    except (ValueError, RecursionError) as fault:
        raise KnowledgeUnreadable(str(fault)) from fault
    if not (document.removed or document.faq or document.object):
        raise KnowledgeUnreadable(Phrase("it has neither `object` nor `faq`, and is not `removed`"))
    return document
