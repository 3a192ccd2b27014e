"""The next version of a document as it is stored: it keeps what a newer release wrote into the version before. Pure."""

from __future__ import annotations

import msgspec

from events.faq import same
from events.file_names import path_fault
from events.kept_fields import Fields, fields_of, keep
from events.knowledge import Document, KnowledgeUnreadable, Pair, Place, Unread, check_size, encoded, read
from events.phrases import Phrase

_record = msgspec.json.Decoder(Fields)
_pairs = msgspec.json.Decoder(list[Fields])
_text = msgspec.json.Decoder(str)


def first_version(place: Place, document: Document) -> bytes:
    """The document as JSON, where none is before it. Raises KnowledgeUnreadable, also for its name."""
    if not document.removed and (fault := path_fault(place.name)) is not None:
        raise KnowledgeUnreadable(fault)
    return encoded(place, document)


def next_version(place: Place, document: Document, before: bytes) -> bytes:
    """The document as JSON, with the fields of the version `before` that only a newer release knows: its own, and
    those of each question that stays. A removal has none of them, and nothing follows from a removed one.

    Raises KnowledgeUnreadable, also if a release wrote `before` that this one cannot read: only a removal follows it.
    """
    body, there = encoded(place, document), fields_of(before, Document)
    if document.removed or there is None:
        return body
    found = read(place.subject, 0, before)
    if isinstance(found, Unread):
        raise KnowledgeUnreadable(
            Phrase(
                "its newest version cannot be read by this release (%(reason)s): update recado, or remove the document",
                reason=found.reason,
            )
        )
    if found.document.removed:
        return first_version(place, document)
    record = _record.decode(body)
    keep(record, there, Document)
    if document.faq and found.document.faq:
        record["faq"] = _with_kept(_pairs.decode(record["faq"]), _pairs.decode(there["faq"]))
    body = msgspec.json.encode(record)
    check_size(body)
    return body


def _with_kept(pairs: list[Fields], before: list[Fields]) -> msgspec.Raw:
    """Where no question came or went, one in other words is the one that stood in its place."""
    there, asked = {_question(one): one for one in before}, {_question(one) for one in pairs}
    for number, pair in enumerate(pairs):
        old = there.get(_question(pair))
        if old is None and len(pairs) == len(before) and _question(before[number]) not in asked:
            old = before[number]
        if old is not None:
            keep(pair, old, Pair)
    return msgspec.Raw(msgspec.json.encode(pairs))


def _question(pair: Fields) -> str:
    return same(_text.decode(pair["q"]))
