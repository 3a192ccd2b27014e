"""Encodes events to bytes and decodes them, older shapes included.

The bytes are JSON, because every tool reads it and msgpack was barely faster (encode 0.6–2 µs, decode 1–1.7 µs for 480
bytes). The header `Recado-Version` gives the version of the shape; clients outside recado may omit it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from events.decisions import DECISIONS, Decision
from events.inbound import INBOUND, Inbound, Message
from events.jid import certain, is_canonical
from events.lenient import mended, plain, whole_characters
from events.numbers import whole_number
from events.recorded import UNREADABLE_ID, Recorded, Unknown, Unreadable
from events.subjects import LONGEST_TOKEN, ChatKey, is_shortened, parse_subject

VERSION = 1
"""The version that this release writes."""

VERSION_HEADER = "Recado-Version"

JOINS = 2
"""The set with `joined` and `join`."""

PROFILES = 3
"""The set with profiles: a release that reads less would answer by its own settings."""

INFORMS = 4
"""The set with orders to send that take no chat over: a release that reads less would take it over."""

TEAMWORK = 5
"""The set with the decisions in events.teamwork."""

READS = TEAMWORK
"""The newest set of decision types, commands and documents that this release reads. Those of set 2 and above are
written only while every instance reads them; the first one marks the log, and a release that reads less refuses to
start."""

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: Mapping[tuple[str, int], Upcast] = {}
"""Makes the next version's shape of an event of (type, version); every change of a stored shape has its entry here."""

_INVALID_LITERAL = "Invalid enum value"
"""msgspec's words for a literal that the field does not have: a newer release may know it."""

_encoder = msgspec.json.Encoder()
_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(struct) for name, struct in (INBOUND | DECISIONS).items()
}


def encode(event: Inbound | Decision) -> bytes:
    """The event's bytes as this release writes them. Half a surrogate pair, which UTF-8 cannot hold, becomes `?`."""
    try:
        return _encoder.encode(event)
    except UnicodeEncodeError:
        return _encoder.encode(_whole(msgspec.to_builtins(event)))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    return [_whole(one) for one in value] if isinstance(value, list) else value


def decode(
    type_: str, body: bytes, version: int = VERSION, upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS
) -> Inbound | Decision:
    """The event in `body`, upcast from `version` to today's shape.

    A body of a newer version is read as far as today's fields go. Raises msgspec.DecodeError (ValidationError is a
    subclass) if the bytes are not such an event, KeyError if the type is unknown.
    """
    decoder = _decoders[type_]
    steps = [upcasts[type_, step] for step in range(version, VERSION) if (type_, step) in upcasts] if upcasts else []
    if not steps:
        event: Inbound | Decision = decoder.decode(body)
        return event
    shape = msgspec.json.decode(body)
    for step in steps:
        shape = step(shape)
    return msgspec.convert(shape, decoder.type)  # type: ignore[no-any-return]


def read(seq: int, subject: str, at: datetime, headers: Mapping[str, str] | None, body: bytes) -> Recorded:
    """A stored message as an event. No content of `headers` or `body` makes it raise."""
    key, side, type_ = parse_subject(subject)
    msg_id, version = "", VERSION
    if headers:
        msg_id = headers.get("Nats-Msg-Id", "")
        written = whole_number(headers.get(VERSION_HEADER, ""))
        version = written if written is not None else VERSION
    event: Inbound | Decision | Unreadable | Unknown
    left_out: tuple[str, ...] = ()
    converted: tuple[str, ...] = ()
    try:
        event = decode(type_, body, version)
    except KeyError:
        event = Unknown(type_, version)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        newer = version > VERSION
        detail = f"written by version {version}, this is {VERSION}: {error}" if newer else str(error)
        event = Unreadable("newer_version" if newer else "unreadable", detail)
        if side == "o" and (newer or _INVALID_LITERAL in str(error)):
            event = Unknown(type_, version)
        elif side == "i":
            with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                event, left_out, converted = _mended(type_, body)
    if side == "i" and not isinstance(event, Unreadable):
        event = _addressed(key, event)
    return Recorded(seq, key, side, type_, at, msg_id, event, left_out=left_out, converted=converted)


_SPARED = {
    "in": frozenset(Message.__struct_fields__) - {"id"},
    "edit": frozenset({"at"}),
    "revoke": frozenset({"at"}),
    "receipt": frozenset({"at", "provider_id"}),
    "control": frozenset({"by"}),
}
"""Optional fields of each type without which an event means the same, or less, but nothing else."""


_VERBATIM = frozenset({"text", "kind", "chat", "sender", "command", "into", "from"})
"""Fields that are not converted: a number is nobody's words, no kind and no JID."""


def _mended(type_: str, body: bytes) -> tuple[Inbound, tuple[str, ...], tuple[str, ...]]:
    """The event in a body of which a field has a wrong form, with the fields that were left out and converted; see
    events.lenient. Raises msgspec.DecodeError, UnicodeDecodeError, RecursionError."""
    decoder, body = _decoders[type_], whole_characters(body)
    try:
        return decoder.decode(body), (), ()
    except msgspec.ValidationError as fault:
        return mended(plain(body), partial(msgspec.convert, type=decoder.type), fault, _SPARED[type_], _VERBATIM)


def _addressed(key: ChatKey, event: Inbound | Decision | Unknown) -> Inbound | Decision | Unknown | Unreadable:
    """The event, or Unreadable if its subject names no chat or its body names another one."""
    if is_shortened(key.account) or is_shortened(key.chat):
        return Unreadable("malformed_chat", f"the subject names an account or a chat with over {LONGEST_TOKEN} bytes")
    if not is_canonical(key.chat) and certain(key.chat) is None:
        return Unreadable("malformed_chat", f"the subject's chat {key.chat[:60]!r} is not a canonical JID")
    if isinstance(event, Message) and event.chat is not None and _stored(event.chat) != _stored(key.chat):
        return Unreadable("other_chat", "the body's chat is not the subject's")
    if isinstance(event, Message) and event.id.startswith(UNREADABLE_ID):
        return Unreadable("malformed_id", f"an id must not begin with {UNREADABLE_ID}")
    return event


def _stored(jid: str) -> str:
    return certain(jid) or jid
