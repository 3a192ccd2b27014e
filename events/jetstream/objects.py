"""Objects of the object stores, piece by piece.

The layout is that of NATS object stores (ADR-20, https://github.com/nats-io/nats-architecture-and-design), so that
`nats object get MEDIA …` and every client library read it too. recado reads objects itself, because nats-py's reader
waits for ever for a piece that has expired.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

import msgspec
import structlog

from events.jetstream.api import stored_message
from events.jetstream.connection import Bus

PIECE = 128 * 1024
"""Bytes of an object in one message."""

log = structlog.get_logger("recado.objects")


class ObjectMeta(msgspec.Struct, omit_defaults=True):
    """The description of an object, as ADR-20 names its fields; `nuid` is the name of its pieces."""

    name: str
    bucket: str
    nuid: str
    size: int
    chunks: int
    digest: str = ""
    mtime: str = ""
    description: str = ""
    deleted: bool = False
    options: dict[str, Any] = {}


def meta_subject(bucket: str, name: str) -> str:
    return f"$O.{bucket}.M.{base64.urlsafe_b64encode(name.encode()).decode()}"


def object_name(subject: str) -> str:
    """The object's name in the subject of its description."""
    encoded = subject.rpartition(".")[2]
    try:
        return base64.b64decode(encoded, b"-_", validate=True).decode("utf-8", "replace")
    except ValueError:  # another program wrote it
        return encoded


def piece_subject(bucket: str, nuid: str) -> str:
    return f"$O.{bucket}.C.{nuid}"


def digest_text(digest: bytes) -> str:
    """A SHA-256 as the description of an object has it."""
    return f"SHA-256={base64.urlsafe_b64encode(digest).decode()}"


async def find_object(bus: Bus, bucket: str, name: str) -> ObjectMeta | None:
    """The description of an object; None if there is none that can be read. Raises LogUnavailable."""
    return (await find_description(bus, bucket, name))[1]


async def find_description(bus: Bus, bucket: str, name: str) -> tuple[int, ObjectMeta | None]:
    """The sequence of the newest message under the name of an object, 0 if there is none; and its description as
    `find_object` has it. Raises LogUnavailable."""
    stored = await stored_message(bus, f"OBJ_{bucket}", {"last_by_subj": meta_subject(bucket, name)})
    if stored is None:
        return 0, None
    try:
        meta = msgspec.json.decode(stored.raw().body, type=ObjectMeta)
    except msgspec.DecodeError as error:
        log.warning("object.unreadable", bucket=bucket, object=name, reason=str(error))
        return stored.seq, None
    return stored.seq, None if meta.deleted else meta


async def read_object(bus: Bus, bucket: str, name: str) -> bytes | None:
    """The object's bytes; None if it is not there, or no longer whole. Raises LogUnavailable."""
    meta = await find_object(bus, bucket, name)
    if meta is None:
        return None
    whole = await read_pieces(bus, bucket, meta.nuid, meta.chunks)
    if whole is None:
        return None
    if digest_text(sha256(whole).digest()).rstrip("=") != meta.digest.rstrip("="):
        log.warning("object.not_whole", bucket=bucket, object=name, size=len(whole), expected=meta.size)
        return None
    return whole


async def read_pieces(bus: Bus, bucket: str, nuid: str, count: int) -> bytes | None:
    """The first `count` pieces, joined; None if there are fewer. Raises LogUnavailable."""
    pieces, seq = [], 0
    for _ in range(count):
        which = {"seq": seq + 1, "next_by_subj": piece_subject(bucket, nuid)}
        stored = await stored_message(bus, f"OBJ_{bucket}", which)
        if stored is None:
            return None
        pieces.append(stored.raw().body)
        seq = stored.seq
    return b"".join(pieces)
