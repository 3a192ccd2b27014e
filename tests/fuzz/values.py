"""JSON of the shape of a struct, taken from the struct itself, so that a field that is added later is fuzzed too."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import msgspec

TEXTS = (
    "hello", "", " ", "\0", "a\0b", "\u202eolleh", "\u200b", "👩‍👩‍👧‍👦" * 3, "e\u0301" * 20, "\ufeffx", "1" * 200,
    "x" * 256, "x" * 257,
    "x" * 513, "x" * 5000, "*a " * 500 + "a*" * 500, "> " * 400 + "a", "[" * 500 + "a" + "](b)" * 500,
    "```\n" + "l\n" * 400,
    "One sentence. " * 2000, "seq:5", "seq:x", "silent-voice-1", "stop", "/reset", "wamid.1", "9" * 5000, "-1",
    "1e400", "NaN", "\u00b2", "\u0664\u0660\u0664", "1_0", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    "../../etc/passwd", "a.b.*.>", "=2E", "%00%0a", "\r\nNats-Msg-Id: x", "'; DROP TABLE chats; --", "<b>&amp;</b>",
    "{}", "null",
    "12025550143@s.whatsapp.net", "@", "a@b@c", "120363000000000000@g.us", "US.1349@bsuid", "\ud800", "\udc00x",
)  # fmt: skip
"""Texts that something once broke on, or might."""

NUMBERS = (
    0, 1, -1, 2, 255, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**30, -(10**400),
)  # fmt: skip
TIMES = (
    "2026-11-29T12:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-11-29T12:00:00+14:00",
    "1969-12-31T23:59:59Z",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30T00:00:00Z", "2026-11-29T12:00:00",
    "2016-12-31T23:59:60Z", "now",
)  # fmt: skip
KNOWN: dict[str, tuple[str, ...]] = {
    "kind": (
        "text", "image", "audio", "video", "document", "sticker", "location", "contact", "reaction", "button",
        "unsupported", "later",
    ),
    "mime": ("image/png", "audio/ogg", "application/pdf", "text/plain", "application/x-unknown", "a", ""),
}  # fmt: skip
"""Values with a meaning, for fields that are plain strings."""

_DEEP = "\ue000deep {} {}\ue000"
_DEEP_IN_JSON = re.compile(r'"\\ue000deep (\d+) (.)\\ue000"')


def dumped(shape: Any) -> bytes:
    """As JSON: integers of any size, half surrogates, and what `Values.deep` stands for."""
    text = json.dumps(shape)
    if "\\ue000deep" in text:
        text = _DEEP_IN_JSON.sub(_nested, text)
    return text.encode()


def _nested(match: re.Match[str]) -> str:
    depth, kind = int(match[1]), match[2]
    return "[" * depth + "]" * depth if kind == "l" else '{"a":' * depth + "1" + "}" * depth


@cache
def fields_of(struct: type[msgspec.Struct]) -> tuple[Any, ...]:
    """The fields as msgspec sees them: names in JSON, types, bounds."""
    info = msgspec.inspect.type_info(struct)
    assert isinstance(info, msgspec.inspect.StructType)
    return info.fields


class Values:
    """Values by chance alone: the same `seed`, the same values."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.random = Random(seed)

    def of(self, part: str) -> Values:
        """Values that do not depend on how often others are asked for some, so that a seed repeats what comes in."""
        return Values(f"{self.seed} {part}")

    def struct(self, struct: type[msgspec.Struct], *, odd: int = 0, **given: Any) -> dict[str, Any]:
        """An object with the fields of `struct`: those that are required, others by chance, each fitting but `odd` of
        them, which are pushed past their bounds. `given` are values that have to be so."""
        fields = fields_of(struct)
        made = {
            field.encode_name: self.fitting(field.type, field.name)
            for field in fields
            if field.required or self.random.random() < 0.4
        }
        made |= given
        for field in self.random.sample(fields, min(odd, len(fields))):
            made[field.encode_name] = self.pushed(field.type)
        return made

    def fitting(self, type_: Any, name: str = "") -> Any:
        """A value that the type takes, often at one of its bounds."""
        make = _FITTING.get(type(type_))
        return make(self, type_, name) if make is not None else self.anything()

    def pushed(self, type_: Any) -> Any:
        """A value that may be no value of the type: too large, too long, too deep, or of another type."""
        match type_, self.random.randrange(3):
            case msgspec.inspect.IntType(), 0 | 1:
                return self.random.choice(NUMBERS)
            case msgspec.inspect.StrType(max_length=int(longest)), 0:
                return "x" * (longest + 1)
            case msgspec.inspect.DateTimeType(), 0 | 1:
                return self.random.choice(TIMES)
        return self.anything()

    def anything(self) -> Any:
        """Any JSON."""
        match self.random.randrange(9):
            case 0 | 1:
                return self.random.choice(NUMBERS)
            case 2 | 3 | 4:
                return self.text()
            case 5:
                return self.random.choice((None, True, False, 0.5, -0.0, 1e308, float("nan"), float("inf")))
            case 6:
                return self.deep()
            case 7:
                return [self.text() for _ in range(self.random.randrange(4))]
            case _:
                return {self.text()[:20]: self.random.choice(NUMBERS) for _ in range(self.random.randrange(3))}

    def deep(self) -> str:
        """Stands for something nested, which `dumped` writes out."""
        return _DEEP.format(self.random.choice((40, 500, 1000, 20_000)), self.random.choice("lo"))

    def text(self) -> str:
        """One of TEXTS, or a few characters by chance."""
        if self.random.random() < 0.7:
            return self.random.choice(TEXTS)
        return "".join(chr(self.random.choice((65, 0, 10, 0x1F600, 0x301, 0x202E, 42))) for _ in range(8))

    def fitting_text(self) -> str:
        """A text that JSON can hold: no half of a surrogate pair."""
        return self.text().replace("\ud800", "").replace("\udc00", "")

    def bytes_of(self, body: bytes) -> bytes:
        """The bytes with something done to them that JSON does not survive, mostly."""
        place = self.random.randrange(len(body) + 1)
        match self.random.randrange(6):
            case 0:
                return body[:place]
            case 1:
                return body[:place] + self.random.randbytes(3) + body[place:]
            case 2:
                return self.random.randbytes(self.random.randrange(200))
            case 3:
                return b"[" * self.random.choice((10, 1000, 100_000))
            case 4:
                return body + body
            case _:
                return body[:place] + b"\xff\xfe\x00" + body[place + 1 :]

    def spoiled(self, document: Any) -> Any:
        """The JSON document with something else in one place of it, wherever that is."""
        places: list[tuple[Any, Any]] = []
        level = [document]
        while level:
            holder = level.pop()
            keys = list(holder) if isinstance(holder, dict) else range(len(holder))
            places += [(holder, key) for key in keys]
            level += [holder[key] for key in keys if isinstance(holder[key], dict | list)]
        if not places:
            return self.anything()
        holder, key = self.random.choice(places)
        if isinstance(holder, dict) and self.random.random() < 0.2:
            del holder[key]
        elif isinstance(holder[key], str) and self.random.random() < 0.5:
            holder[key] = self.text()
        elif isinstance(holder[key], int) and self.random.random() < 0.6:
            holder[key] = self.random.choice(NUMBERS)
        else:
            holder[key] = self.anything()
        return document


def _integer(values: Values, type_: Any, _: str) -> int:
    low = type_.ge if type_.ge is not None else -(2**62)
    high = type_.le if type_.le is not None else 2**62
    return values.random.choice((low, high, max(low, 0), max(low, 1), values.random.randint(max(low, 0), min(high, 9))))


def _text(values: Values, type_: Any, name: str) -> str:
    if name in KNOWN and values.random.random() < 0.9:
        return values.random.choice(KNOWN[name])
    text = values.fitting_text()[: type_.max_length]
    return text if len(text) >= (type_.min_length or 0) else "x" * type_.min_length


def _union(values: Values, type_: Any, name: str) -> Any:
    return values.fitting(values.random.choice(type_.types), name)


def _struct(values: Values, type_: Any, _: str) -> Any:
    return values.struct(type_.cls)


def _several(values: Values, type_: Any, _: str) -> list[Any]:
    return [values.fitting(type_.item_type) for _ in range(values.random.choice((0, 1, 2, 20)))]


_FITTING: dict[type, Callable[[Values, Any, str], Any]] = {
    msgspec.inspect.IntType: _integer,
    msgspec.inspect.StrType: _text,
    msgspec.inspect.BoolType: lambda values, _, __: values.random.random() < 0.5,
    msgspec.inspect.NoneType: lambda *_: None,
    msgspec.inspect.FloatType: lambda values, _, __: values.random.choice((0.0, -1.5, 1e308, 5e-324)),
    msgspec.inspect.DateTimeType: lambda values, _, __: values.random.choice(TIMES[:7]),
    msgspec.inspect.LiteralType: lambda values, type_, _: values.random.choice(type_.values),
    msgspec.inspect.UnionType: _union,
    msgspec.inspect.StructType: _struct,
    msgspec.inspect.VarTupleType: _several,
    msgspec.inspect.ListType: _several,
}
